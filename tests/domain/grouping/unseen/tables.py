"""The bugs: as people meet them, in the words and stacks of their runtimes. See kit.py."""

PYTHON = r"""
# vat-missing @dict
! KeyError: 'vat_rate'
> shop.tax.rates | rate_for | return table[country]['vat_rate']
# country-missing @dict
! KeyError: '{first}'
> shop.tax.rates | by_country | return RATES[country]
# report-comprehension @dict
! KeyError: 'sku'
> shop.reports.daily | build | rows = [row['sku'] for row in source]
> shop.reports.daily | build.<locals>.<listcomp> | rows = [row['sku'] for row in source]
# sort-lambda @dict
! TypeError: '<' not supported between instances of 'NoneType' and 'int'
> shop.reports.daily | ranked | return sorted(rows, key=lambda row: row.rank)
# rates-404 @http
! HTTPError: 404 Client Error: Not Found for url: {url}
> shop.rates | refresh | data = fetch_json(url)
> shop.integrations.http | fetch_json | response.raise_for_status()
~ requests.models | raise_for_status | raise HTTPError(http_error_msg, response=self)
# stock-404 @http
! HTTPError: 404 Client Error: Not Found for url: {url}
> shop.stock | sync_level | level = fetch_json(f'{base}/levels/{sku}')
> shop.integrations.http | fetch_json | response.raise_for_status()
~ requests.models | raise_for_status | raise HTTPError(http_error_msg, response=self)
# stock-502 @http
! HTTPError: 502 Server Error: Bad Gateway for url: {url}
> shop.stock | sync_level | level = fetch_json(f'{base}/levels/{sku}')
> shop.integrations.http | fetch_json | response.raise_for_status()
~ requests.models | raise_for_status | raise HTTPError(http_error_msg, response=self)
# stock-not-json @http
! JSONDecodeError: Expecting value: line {small} column {small} (char {small})
> shop.stock | sync_level | level = fetch_json(f'{base}/levels/{sku}')
> shop.integrations.http | fetch_json | return response.json()
~ requests.models | json | return complexjson.loads(self.text, **kwargs)
~ json.decoder | raw_decode | raise JSONDecodeError("Expecting value", s, err.value) from None
# get-user @getor
! NotFound: User {int} not found
> shop.accounts.service | profile_of | user = get_or_fail(User, user_id)
> shop.db.shortcuts | get_or_fail | raise NotFound(f'{model.__name__} {pk} not found')
# get-invoice @getor
! NotFound: Invoice {int} not found
> shop.billing.invoices | resend | invoice = get_or_fail(Invoice, pk)
> shop.db.shortcuts | get_or_fail | raise NotFound(f'{model.__name__} {pk} not found')
# ensure-qty @ensure
! ValidationError: quantity must be positive, got {neg}
> shop.cart.service | add_line | ensure_positive('quantity', quantity)
> shop.validation | ensure_positive | raise ValidationError(f'{field} must be positive, got {value}')
# ensure-price @ensure
! ValidationError: price must be positive, got {neg}
> shop.catalog.pricing | set_price | ensure_positive('price', amount)
> shop.validation | ensure_positive | raise ValidationError(f'{field} must be positive, got {value}')
# rates-timeout @timeouts
! TimeoutError:
> shop.fx | refresh_rates | return await asyncio.wait_for(pull(), 2)
~ asyncio.tasks | wait_for | raise exceptions.TimeoutError() from exc
# search-timeout @timeouts
! TimeoutError:
> shop.search.client | suggest | hits = await asyncio.wait_for(self._ask(q), self.limit)
~ asyncio.tasks | wait_for | raise exceptions.TimeoutError() from exc
# read-timeout @timeouts
! ReadTimeout: HTTPSConnectionPool(host='{host}', port=443): Read timed out. (read timeout={small})
> shop.shipping.dhl | label | reply = session.post(url, json=body, timeout=8)
~ requests.sessions | post | return self.request("POST", url, data=data, json=json, **kwargs)
~ requests.adapters | send | raise ReadTimeout(e, request=request)
^ TimeoutError: The read operation timed out
~ http.client | begin | version, status, reason = self._read_status()
# connect-refused @timeouts
! ConnectionError: HTTPConnectionPool(host='{host}', port={port}): Max retries exceeded with url: /v1/{word} (Caused by NewConnectionError('<urllib3.connection.HTTPConnection object at {ptr}>: Failed to establish a new connection: [Errno 111] Connection refused'))
> shop.shipping.dhl | label | reply = session.post(url, json=body, timeout=8)
~ requests.adapters | send | raise ConnectionError(e, request=request)
# unique-email @integrity
! IntegrityError: duplicate key value violates unique constraint "accounts_user_email_key"\nDETAIL:  Key (email)=({email}) already exists.
> shop.accounts.signup | register | user.save()
~ django.db.models.base | save | self.save_base(
~ django.db.backends.utils | _execute | return self.cursor.execute(sql, params)
^ UniqueViolation: duplicate key value violates unique constraint "accounts_user_email_key"\nDETAIL:  Key (email)=({email}) already exists.
~ django.db.backends.utils | _execute | return self.cursor.execute(sql, params)
# unique-slug @integrity
! IntegrityError: duplicate key value violates unique constraint "catalog_product_slug_key"\nDETAIL:  Key (slug)=({slug}) already exists.
> shop.catalog.admin | save_model | obj.save()
~ django.db.models.base | save | self.save_base(
~ django.db.backends.utils | _execute | return self.cursor.execute(sql, params)
# null-column @integrity
! IntegrityError: null value in column "currency" of relation "orders_order" violates not-null constraint\nDETAIL:  Failing row contains ({int}, {stamp}, {email}, null).
> shop.orders.models | place | Order.objects.bulk_create(rows)
~ django.db.models.query | bulk_create | returned_columns = self._batched_insert(
~ django.db.backends.utils | _execute | return self.cursor.execute(sql, params)
# dead-lock @integrity
! OperationalError: deadlock detected\nDETAIL:  Process {int} waits for ShareLock on transaction {int}; blocked by process {int}.
> shop.stock.reserve | take | with transaction.atomic():
~ django.db.backends.utils | _execute | return self.cursor.execute(sql, params)
# save-line-one @samefn
! AttributeError: 'NoneType' object has no attribute 'address'
> shop.orders.export | row_of | street = order.customer.address.street
# save-line-two @samefn
! AttributeError: 'NoneType' object has no attribute 'code'
> shop.orders.export | row_of | currency = order.currency.code
# parse-weight @parse
! ValueError: could not convert string to float: '{first}'
> shop.importer.rows | read_weight | row.weight = to_float(cells[4])
> shop.utils.numbers | to_float | return float(text)
# parse-tax @parse
! ValueError: could not convert string to float: '{euro}'
> shop.importer.rows | read_tax | row.tax = to_float(cells[7])
> shop.utils.numbers | to_float | return float(text)
# parse-date
! ValueError: time data '{date}' does not match format '%d.%m.%Y'
> shop.importer.dates | birthday | return datetime.strptime(text, '%d.%m.%Y').date()
~ _strptime | _strptime | raise ValueError("time data %r does not match format %r" %
# service-wrap-gateway @wrap
! ServiceError: could not finish checkout {uuid}
> shop.checkout.service | finish | raise ServiceError(f'could not finish checkout {self.id}') from exc
^ GatewayDown: gateway answered {int} bytes of nothing
> shop.checkout.service | finish | charge = self.gateway.charge(total)
> shop.gateways.stripe | charge | raise GatewayDown(f'gateway answered {len(body)} bytes of nothing')
# service-wrap-stock @wrap
! ServiceError: could not finish checkout {uuid}
> shop.checkout.service | finish | raise ServiceError(f'could not finish checkout {self.id}') from exc
^ OutOfStock: {sku} is out of stock
> shop.checkout.service | finish | self.stock.reserve(lines)
> shop.stock.reserve | reserve | raise OutOfStock(f'{line.sku} is out of stock')
# tree-recursion
! RecursionError: maximum recursion depth exceeded || maximum recursion depth exceeded while calling a Python object || maximum recursion depth exceeded in comparison
> shop.catalog.tree | *path_of | return path_of(node.parent) + [node.slug]
> shop.catalog.tree | *path_of | return path_of(node.parent) + [node.slug]
# run-ffmpeg @subprocess
! CalledProcessError: Command '['ffmpeg', '-i', '{path}', '-y', '{path}']' returned non-zero exit status 1.
> shop.media.thumbs | poster | sh('ffmpeg', '-i', source, '-y', target)
> shop.shell | sh | subprocess.run(words, check=True, capture_output=True)
~ subprocess | run | raise CalledProcessError(retcode, process.args,
# run-gs @subprocess
! CalledProcessError: Command '['gs', '-o', '{path}', '{path}']' returned non-zero exit status 1.
> shop.media.invoice_pdf | flatten | sh('gs', '-o', target, source)
> shop.shell | sh | subprocess.run(words, check=True, capture_output=True)
~ subprocess | run | raise CalledProcessError(retcode, process.args,
# pydantic-address @pydantic
! ValidationError: {small} validation errors for Address\nzip\n  String should match pattern '^\d{5}$' [type=string_pattern_mismatch, input_value='{first}', input_type=str]\n    For further information visit https://errors.pydantic.dev/2.{small}/v/string_pattern_mismatch
> shop.api.schemas | address_from | return Address.model_validate(payload)
~ pydantic.main | model_validate | return cls.__pydantic_validator__.validate_python(
# pydantic-settings @pydantic
! ValidationError: 1 validation error for Settings\nSMTP_PORT\n  Input should be a valid integer [type=int_parsing, input_value='{word}', input_type=str]
> shop.settings | load | return Settings()
~ pydantic_settings.main | __init__ | super().__init__(
# template-missing
! TemplateDoesNotExist: mails/{word}.html
> shop.mails.render | body_of | return render_to_string(f'mails/{kind}.html', context)
~ django.template.loader | get_template | raise TemplateDoesNotExist(template_name, chain=chain)
# reverse-no-match
! NoReverseMatch: Reverse for 'order-detail' with arguments '({int},)' not found. 1 pattern(s) tried: ['orders/(?P<slug>[-a-zA-Z0-9_]+)/\Z']
> shop.mails.context | links_of | return reverse('order-detail', args=[order.pk])
~ django.urls.resolvers | _reverse_with_prefix | raise NoReverseMatch(msg)
# unpack-row
! ValueError: not enough values to unpack (expected 3, got {small}) || too many values to unpack (expected 3)
> shop.importer.stock | lines | sku, count, place = line.split(';')
# future-result
! ZeroDivisionError: division by zero || float division by zero
> shop.stats.runner | collect | totals = [job.result() for job in jobs]
~ concurrent.futures._base | result | return self.__get_result()
~ concurrent.futures.thread | run | result = self.fn(*self.args, **self.kwargs)
> shop.stats.margin | margin_of | return (row.price - row.cost) / row.price
# descriptor
! AttributeError: 'Order' object has no attribute '_total_cache'
> shop.orders.models | total | return self._total_cache
# unicode
! UnicodeDecodeError: 'utf-8' codec can't decode byte 0x{small} in position {int}: invalid start byte
> shop.importer.files | text_of | return raw.decode()
# decorated @deco
! PermissionDenied: {email} may not refund
> shop.auth.decorators | wrapper | return fn(request, *args, **kwargs)
> shop.billing.views | refund | raise PermissionDenied(f'{request.user.email} may not refund')
# decorator-itself @deco
! PermissionDenied: {email} lacks role
> shop.auth.decorators | wrapper | raise PermissionDenied(f'{request.user.email} lacks role')
# stop-in-generator
! RuntimeError: generator raised StopIteration
> shop.feed.paging | pages | for page in cursor:
^ StopIteration:
> shop.feed.paging | first_of | return next(iter(rows))
# boto-missing @boto
! ClientError: An error occurred (NoSuchKey) when calling the GetObject operation: The specified key does not exist.
> shop.storage.s3 | read | body = self.client.get_object(Bucket=bucket, Key=key)
~ botocore.client | _make_api_call | raise error_class(parsed_response, operation_name)
# boto-denied @boto
! ClientError: An error occurred (AccessDenied) when calling the GetObject operation: Access Denied
> shop.storage.s3 | read | body = self.client.get_object(Bucket=bucket, Key=key)
~ botocore.client | _make_api_call | raise error_class(parsed_response, operation_name)
# boto-throttled @boto
! ClientError: An error occurred (ThrottlingException) when calling the PutItem operation (reached max retries: {small}): Rate exceeded
> shop.storage.dynamo | put | self.table.put_item(Item=item)
~ botocore.client | _make_api_call | raise error_class(parsed_response, operation_name)
# api-card @codes
! ApiError: [card_declined] Your card was declined. Request {token}
> shop.billing.charges | collect | reply = self.gateway.call('charge', amount)
> shop.gateways.base | call | raise ApiError(f'[{code}] {text} Request {rid}')
# api-auth @codes
! ApiError: [authentication_required] This needs 3-D Secure. Request {token}
> shop.billing.charges | collect | reply = self.gateway.call('charge', amount)
> shop.gateways.base | call | raise ApiError(f'[{code}] {text} Request {rid}')
"""

NODE = r"""
# prisma-unique @prisma %ts
! PrismaClientKnownRequestError: \nInvalid `prisma.user.create()` invocation in\n/app/src/users/users.repository.ts:{small}:{small}\n\n  12 async create(data) {\n→ 13   return this.prisma.user.create(\nUnique constraint failed on the fields: (`email`)
> src/users/users.repository | UsersRepository.create | return await this.prisma.user.create({ data });
~ @prisma/client/runtime/library | async Ln.handleRequestError
~ @prisma/client/runtime/library | async Ln.request
# prisma-missing @prisma %ts
! PrismaClientKnownRequestError: \nInvalid `prisma.user.update()` invocation in\n/app/src/users/users.repository.ts:{small}:{small}\n\nAn operation failed because it depends on one or more records that were required but not found. Record to update not found.
> src/users/users.repository | UsersRepository.rename | return await this.prisma.user.update({ where: { id }, data });
~ @prisma/client/runtime/library | async Ln.handleRequestError
# mongoose-cast @mongoose
! CastError: Cast to ObjectId failed for value "{word}" (type string) at path "_id" for model "Order"
> src/orders/store | OrderStore.byId | return Order.findById(id).exec();
~ mongoose/lib/query | model.Query.exec
~ mongoose/lib/schematype | SchemaObjectId.SchemaType.castForQuery
# mongoose-validate @mongoose
! ValidationError: Order validation failed: lines.{small}.qty: Path `qty` ({neg}) is less than minimum allowed value (1).
> src/orders/store | OrderStore.insert | await new Order(input).save();
~ mongoose/lib/document | Document.invalidate
# axios-404 @axios
! AxiosError: Request failed with status code 404
> src/clients/geo | locate | const { data } = await http.get(`/geo/${zip}`);
~ axios/lib/core/settle | settle
~ node:events | IncomingMessage.emit
# axios-500 @axios
! AxiosError: Request failed with status code 500
> src/clients/geo | locate | const { data } = await http.get(`/geo/${zip}`);
~ axios/lib/core/settle | settle
# axios-tax-500 @axios
! AxiosError: Request failed with status code 500
> src/clients/tax | quote | const { data } = await http.post('/tax', body);
~ axios/lib/core/settle | settle
# redis-refused %noentry
! Error: connect ECONNREFUSED {ip}:6379
~ node:net | TCPConnectWrap.afterConnect [as oncomplete]
# pg-refused %noentry
! AggregateError:
~ node:net | internalConnectMultiple
~ node:net | afterConnectMultiple
# dns %noentry
! Error: getaddrinfo ENOTFOUND {host}
~ node:dns | GetAddrInfoReqWrap.onlookup [as oncomplete]
# undefined-map @undef %ts
! TypeError: Cannot read properties of undefined (reading 'map')
> src/orders/totals | totalsOf | return order.lines.map((line) => line.total);
# undefined-id @undef %ts
! TypeError: Cannot read properties of undefined (reading 'id')
> src/orders/totals | ownerOf | const owner = order.customer.id;
# callback-undefined @undef
! TypeError: Cannot read properties of null (reading 'price')
> src/cart/sum | sum | return lines.reduce((acc, line) => acc + line.product.price, 0);
> src/cart/sum | ? | return lines.reduce((acc, line) => acc + line.product.price, 0);
> src/cart/sum | Array.reduce
# invariant-cart @invariant
! Error: Invariant failed: cart {uuid} has no owner
> src/cart/service | CartService.checkout | invariant(cart.owner, `cart ${cart.id} has no owner`);
> src/shared/invariant | invariant | throw new Error(`Invariant failed: ${text}`);
# invariant-user @invariant
! Error: Invariant failed: user {int} has no locale
> src/mail/render | greeting | invariant(user.locale, `user ${user.id} has no locale`);
> src/shared/invariant | invariant | throw new Error(`Invariant failed: ${text}`);
# zod-signup @zod
! ZodError: [\n  {\n    "code": "invalid_type",\n    "expected": "string",\n    "received": "undefined",\n    "path": [\n      "phone"\n    ],\n    "message": "Required"\n  }\n]
> src/signup/schema | parseSignup | return Signup.parse(body);
~ zod/lib/types | ZodObject.parse
# zod-webhook @zod
! ZodError: [\n  {\n    "code": "invalid_enum_value",\n    "path": [\n      "event"\n    ],\n    "message": "Invalid enum value. Received '{word}'"\n  }\n]
> src/webhooks/schema | parseHook | return Hook.parse(body);
~ zod/lib/types | ZodObject.parse
# jwt-expired @jwt
! TokenExpiredError: jwt expired
> src/auth/tokens | verify | return jwt.verify(token, key);
~ jsonwebtoken/verify | ?
# jwt-malformed @jwt
! JsonWebTokenError: jwt malformed
> src/auth/tokens | verify | return jwt.verify(token, key);
~ jsonwebtoken/verify | ?
# headers-sent
! Error: Cannot set headers after they are sent to the client
> src/routes/download | stream | res.status(500).send('failed');
~ node:_http_outgoing | ServerResponse.setHeader
~ express/lib/response | ServerResponse.send
# heap-overflow
! RangeError: Maximum call stack size exceeded
> src/menu/build | *walk | for (const child of node.children) walk(child, out);
> src/menu/build | *walk | for (const child of node.children) walk(child, out);
# nest-not-found @nest %ts
! NotFoundException: Order {uuid} not found
> src/orders/orders.service | OrdersService.findOne | throw new NotFoundException(`Order ${id} not found`);
# nest-coupon @nest %ts
! NotFoundException: Coupon {sku} not found
> src/coupons/coupons.service | CouponsService.redeem | throw new NotFoundException(`Coupon ${code} not found`);
# typeorm-dup %ts
! QueryFailedError: duplicate key value violates unique constraint "UQ_97672ac88f789774dd47f7c8be3"
> src/db/repo | BaseRepo.persist | return this.manager.save(entity);
~ typeorm/driver/postgres/PostgresQueryRunner | PostgresQueryRunner.query
# enoent-template @fs
! Error: ENOENT: no such file or directory, open '{path}'
> src/mail/templates | load | return fs.readFileSync(file, 'utf8');
~ node:fs | Object.openSync
~ node:fs | Object.readFileSync
# enoent-key @fs
! Error: ENOENT: no such file or directory, open '{path}'
> src/tls/keys | readKey | const pem = fs.readFileSync(path);
~ node:fs | Object.readFileSync
# cause-wrap @cause
! OrderError: order {int} could not be placed
> src/orders/place | place | throw new OrderError(`order ${id} could not be placed`, { cause });
^ TypeError: Cannot read properties of undefined (reading 'rate')
> src/tax/rates | rateOf | return table[country].rate;
# cause-wrap-stock @cause
! OrderError: order {int} could not be placed
> src/orders/place | place | throw new OrderError(`order ${id} could not be placed`, { cause });
^ StockError: only {small} left of {sku}
> src/stock/reserve | reserve | throw new StockError(`only ${left} left of ${sku}`);
# assertion
! AssertionError: Expected values to be strictly equal:\n\n{int} !== {int}\n
> src/ledger/check | balance | assert.strictEqual(debit, credit);
# sql-syntax
! Error: You have an error in your SQL syntax; check the manual that corresponds to your MySQL server version for the right syntax to use near '{word}' at line 1
> src/reports/query | run | return conn.promise().query(sql);
~ mysql2/lib/connection | PromiseConnection.query
"""

WEB = r"""
# cart-total @read
! TypeError: Cannot read properties of undefined (reading 'amount') || can't access property "amount", e.total is undefined || undefined is not an object (evaluating 'e.total.amount')
> cart/Summary | Summary | const label = format(cart.total.amount);
# profile-avatar @read
! TypeError: Cannot read properties of null (reading 'avatarUrl') || can't access property "avatarUrl", t.profile is null || null is not an object (evaluating 't.profile.avatarUrl')
> account/Avatar | Avatar | return <img src={user.profile.avatarUrl} />;
# checkout-steps @read
! TypeError: Cannot read properties of undefined (reading 'length') || can't access property "length", n.steps is undefined || undefined is not an object (evaluating 'n.steps.length')
> checkout/Wizard | Wizard.next | if (this.state.steps.length === index) finish();
# store-notify @read %kept
! TypeError: Cannot read properties of undefined (reading 'dispatch') || can't access property "dispatch", this.store is undefined || undefined is not an object (evaluating 'this.store.dispatch')
> store/notify | NotifyService.pushNotice | this.store.dispatch(added(notice));
# not-function @call
! TypeError: t.onSelect is not a function || e.onSelect is not a function || e.onSelect is not a function. (In 'e.onSelect(n)', 'e.onSelect' is undefined)
> picker/Menu | Menu.choose | this.props.onSelect(item);
# not-function-format @call
! TypeError: n.formatPrice is not a function || r.formatPrice is not a function || n.formatPrice is not a function. (In 'n.formatPrice(e)', 'n.formatPrice' is undefined)
> cart/Price | Price | return formatter.formatPrice(value);
# iterable
! TypeError: {word} is not iterable || e.tags is not iterable || undefined is not a function (near '...[t] of e.tags...')
> search/Filters | applyTags | for (const [tag] of query.tags) add(tag);
# react-185 @react %nomap
! Error: Minified React error #185; visit https://reactjs.org/docs/error-decoder.html?invariant=185 for the full message or use the non-minified dev environment for full errors and additional helpful warnings.
~ vendor/react-dom | performUnitOfWork
# react-310 @react %nomap
! Error: Minified React error #310; visit https://react.dev/errors/310 for the full message or use the non-minified dev environment for full errors and additional helpful warnings.
~ vendor/react-dom | renderWithHooks
# react-418 @react %nomap
! Error: Minified React error #418; visit https://react.dev/errors/418?args[]={word} for the full message or use the non-minified dev environment for full errors and additional helpful warnings.
~ vendor/react-dom | beginWork
# chunk %nomap %noentry
! ChunkLoadError: Loading chunk {small} failed.\n(error: https://app.example/static/js/{small}.{hex}.chunk.js)
> boot/webpack | ?
# fetch-failed @net
! TypeError: Failed to fetch || NetworkError when attempting to fetch resource. || Load failed
> api/orders | loadOrders | const reply = await fetch('/api/orders');
# fetch-failed-cart @net
! TypeError: Failed to fetch || NetworkError when attempting to fetch resource. || Load failed
> api/cart | saveCart | await fetch('/api/cart', { method: 'PUT', body });
# json-parse @net
! SyntaxError: Unexpected token '<', "<!DOCTYPE "... is not valid JSON || JSON.parse: unexpected character at line 1 column 1 of the JSON data || JSON Parse error: Unrecognized token '<'
> api/orders | readOrders | return JSON.parse(text);
> <anonymous> | JSON.parse
# quota
! QuotaExceededError: Failed to execute 'setItem' on 'Storage': Setting the value of 'cart:{uuid}' exceeded the quota. || The quota has been exceeded. || The quota has been exceeded.
> cart/persist | persistCart | localStorage.setItem(key, text);
# resize %nomap %noentry
! Error: ResizeObserver loop completed with undelivered notifications. || ResizeObserver loop completed with undelivered notifications. || ResizeObserver loop completed with undelivered notifications.
# non-error @reject %nomap %noentry
! UnhandledRejection: Non-Error promise rejection captured with value: Object Not Found Matching Id:{small}, MethodName:update, ParamCount:4
# object-rejection @reject %nomap %noentry
! UnhandledRejection: Object captured as promise rejection with keys: code, detail, status
# remove-child
! NotFoundError: Failed to execute 'removeChild' on 'Node': The node to be removed is not a child of this node. || Node.removeChild: The node to be removed is not a child of this node || The object can not be found here.
> modal/Portal | Portal.unmount | document.body.removeChild(this.node);
# event-listener
! TypeError: Cannot read properties of null (reading 'addEventListener') || document.querySelector(...) is null || null is not an object (evaluating 'document.querySelector('#menu').addEventListener')
> nav/menu | bindMenu | document.querySelector('#menu').addEventListener('click', open);
# recursion
! RangeError: Maximum call stack size exceeded || too much recursion || Maximum call stack size exceeded.
> tree/Node | *expand | node.children.forEach(expand);
> tree/Node | *expand | node.children.forEach(expand);
# const-assign
! TypeError: Assignment to constant variable. || invalid assignment to const 'retries' || Attempted to assign to readonly property.
> sync/loop | retryLater | retries = retries + 1;
# reference
! ReferenceError: gtag is not defined || gtag is not defined || Can't find variable: gtag
> track/purchase | trackPurchase | gtag('event', 'purchase', data);
# bad-date @range
! RangeError: Invalid time value || invalid date || Invalid Date
> orders/Dates | shortDate | return new Date(text).toISOString();
# bad-currency @range
! RangeError: Invalid currency code : {first} || invalid currency code in NumberFormat(): {first} || currency is not a well-formed currency code
> cart/money | moneyOf | return new Intl.NumberFormat(lang, { style: 'currency', currency }).format(value);
"""

JAVA = r"""
# npe-address @npe
! NullPointerException: Cannot invoke "com.acme.shop.Address.getCity()" because the return value of "com.acme.shop.Customer.getAddress()" is null
> com.acme.shop.LabelService | lambda$labels${n}
> com.acme.shop.LabelService | cityOf
# npe-price @npe
! NullPointerException: Cannot invoke "java.math.BigDecimal.add(java.math.BigDecimal)" because "total" is null
> com.acme.shop.OrderService | total
# jpa-dup @jpa
! org.springframework.dao.DataIntegrityViolationException: could not execute statement [ERROR: duplicate key value violates unique constraint "uk_customer_email"\n  Detail: Key (email)=({email}) already exists.] [insert into customer (email,name,id) values (?,?,?)]; SQL [insert into customer (email,name,id) values (?,?,?)]; constraint [uk_customer_email]
> com.acme.shop.CustomerService | register
~ jdk.proxy2.$Proxy{n} | save
~ org.springframework.orm.jpa.vendor.HibernateJpaDialect | convertHibernateAccessException
^ org.postgresql.util.PSQLException: ERROR: duplicate key value violates unique constraint "uk_customer_email"\n  Detail: Key (email)=({email}) already exists.
~ org.postgresql.core.v3.QueryExecutorImpl | receiveErrorResponse
# jpa-fk @jpa
! org.springframework.dao.DataIntegrityViolationException: could not execute statement [ERROR: update or delete on table "customer" violates foreign key constraint "fk_order_customer" on table "orders"\n  Detail: Key (id)=({int}) is still referenced from table "orders".]
> com.acme.shop.CustomerService | remove
~ jdk.proxy2.$Proxy{n} | deleteById
~ org.springframework.orm.jpa.vendor.HibernateJpaDialect | convertHibernateAccessException
# hikari
! org.springframework.transaction.CannotCreateTransactionException: Could not open JPA EntityManager for transaction
> com.acme.shop.ReportService$$SpringCGLIB$$0 | monthly
~ org.springframework.orm.jpa.JpaTransactionManager | doBegin
^ java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after {ms}ms (total={small}, active={small}, idle=0, waiting={small})
~ com.zaxxer.hikari.pool.HikariPool | createTimeoutException
# lazy
! org.hibernate.LazyInitializationException: failed to lazily initialize a collection of role: com.acme.shop.Order.lines: could not initialize proxy - no Session
> com.acme.shop.InvoiceRenderer | render
~ org.hibernate.collection.spi.AbstractPersistentCollection | throwLazyInitializationException
# class-cast
! ClassCastException: class com.acme.shop.Card cannot be cast to class com.acme.shop.Wallet (com.acme.shop.Card and com.acme.shop.Wallet are in unnamed module of loader org.springframework.boot.loader.launch.LaunchedClassLoader @{hex})
> com.acme.shop.WalletService | top
# optional-user @optional
! NoSuchElementException: No value present
> com.acme.shop.UserFacade | current
~ java.util.Optional | orElseThrow
# optional-plan @optional
! NoSuchElementException: No value present
> com.acme.shop.PlanFacade | active
~ java.util.Optional | orElseThrow
# cme
! ConcurrentModificationException:
> com.acme.shop.CartCleaner | sweep
~ java.util.ArrayList$Itr | checkForComodification
# wrap-pay @wrap
! com.acme.shop.CheckoutException: Checkout {uuid} failed
> com.acme.shop.CheckoutService | checkout
^ com.acme.pay.GatewayException: HTTP 503 from {host}
> com.acme.shop.CheckoutService | checkout
> com.acme.pay.GatewayClient | post
# wrap-fraud @wrap
! com.acme.shop.CheckoutException: Checkout {uuid} failed
> com.acme.shop.CheckoutService | checkout
^ com.acme.fraud.RiskException: score {float} above limit
> com.acme.shop.CheckoutService | checkout
> com.acme.fraud.RiskService | assess
# preconditions-qty @guard
! IllegalArgumentException: quantity must be positive: {neg}
> com.acme.shop.CartLine | <init>
> com.acme.common.Preconditions | checkArgument
# preconditions-name @guard
! IllegalArgumentException: name must not be blank
> com.acme.shop.Customer | rename
> com.acme.common.Preconditions | checkArgument
# jackson
! com.fasterxml.jackson.databind.exc.MismatchedInputException: Cannot deserialize value of type `int` from String "{word}": not a valid `int` value\n at [Source: (String)"{json}"; line: 1, column: {small}] (through reference chain: com.acme.shop.Line["qty"])
> com.acme.shop.Json | readLine
~ com.fasterxml.jackson.databind.DeserializationContext | weirdStringException
# rest-404 @rest
! org.springframework.web.client.HttpClientErrorException$NotFound: 404 Not Found: "{json}"
> com.acme.geo.GeoClient | lookup
~ org.springframework.web.client.RestTemplate | handleResponse
# rest-429 @rest
! org.springframework.web.client.HttpClientErrorException$TooManyRequests: 429 Too Many Requests: [no body]
> com.acme.geo.GeoClient | lookup
~ org.springframework.web.client.RestTemplate | handleResponse
# async-lambda
! IllegalStateException: Session {hex} is closed
> com.acme.shop.Exporter | lambda$export${n}
> com.acme.shop.Exporter$$Lambda/0x{h} | run
# number-format
! NumberFormatException: For input string: "{euro}"
> com.acme.shop.imports.PriceParser | price
~ java.lang.Integer | parseInt
# coroutine-load @coroutine %kotlin
! IllegalStateException: Order {int} is not loaded
> com.acme.shop.OrderLoader$load${n} | invokeSuspend
# coroutine-sync @coroutine %kotlin
! IllegalStateException: Order {int} is not loaded
> com.acme.shop.OrderSync$syncAll$2$job${n} | invokeSuspend
# kotlin-require %kotlin
! IllegalArgumentException: Failed requirement.
> com.acme.shop.MoneyKt | split
# unmarked-one @unmarked %nomark
! IllegalStateException: Basket {int} is empty
> de.shopworks.basket.BasketService | pay
# unmarked-two @unmarked %nomark
! IllegalStateException: Basket {int} is empty
> de.shopworks.basket.BasketService | merge
"""

ANDROID = r"""
# lateinit @kt %kotlin
! kotlin.UninitializedPropertyAccessException: lateinit property adapter has not been initialized
> com.acme.app.feed.FeedFragment | render
# not-attached @fragment %kotlin
! IllegalStateException: Fragment FeedFragment{{h}} ({uuid}) not attached to a context.
> com.acme.app.feed.FeedFragment$load${n} | invokeSuspend
~ androidx.fragment.app.Fragment | requireContext
# not-attached-profile @fragment %kotlin
! IllegalStateException: Fragment ProfileFragment{{h}} ({uuid}) not attached to a context.
> com.acme.app.me.ProfileFragment | showAvatar
~ androidx.fragment.app.Fragment | requireContext
# saved-state
! IllegalStateException: Can not perform this action after onSaveInstanceState
> com.acme.app.nav.Navigator | push
~ androidx.fragment.app.FragmentManager | checkStateLoss
# oom
! OutOfMemoryError: Failed to allocate a {int} byte allocation with {int} free bytes and {small}MB until OOM, target footprint {int}, growth limit 268435456
> com.acme.app.image.Thumbs | decode
~ android.graphics.BitmapFactory | nativeDecodeStream
# index @list %kotlin
! IndexOutOfBoundsException: Index {small} out of bounds for length {small} || Index: {small}, Size: {small}
> com.acme.app.feed.FeedAdapter | onBindViewHolder
~ java.util.ArrayList | get
# index-gallery @list %kotlin
! IndexOutOfBoundsException: Index {small} out of bounds for length {small}
> com.acme.app.gallery.GalleryAdapter | onBindViewHolder
~ java.util.ArrayList | get
# bad-token
! android.view.WindowManager$BadTokenException: Unable to add window -- token android.os.BinderProxy@{hex} is not valid; is your activity running?
> com.acme.app.dialog.Dialogs | confirm
~ android.view.ViewRootImpl | setView
# anr-db @hang %hang
! ApplicationNotResponding: ANR for at least 5000 ms.
> com.acme.app.store.Db | readAll
~ android.database.sqlite.SQLiteQuery | fillWindow
# sqlite-full
! android.database.sqlite.SQLiteFullException: database or disk is full (code 13 SQLITE_FULL)
> com.acme.app.store.Drafts | insert
~ android.database.sqlite.SQLiteConnection | nativeExecute
"""

RUBY = r"""
# nil-name @nil
! NoMethodError: undefined method `name' for nil:NilClass || undefined method `name' for nil || undefined method 'name' for nil
> app/presenters/order_presenter.rb | OrderPresenter#customer_name | order.customer.name
# nil-total @nil
! NoMethodError: undefined method `total' for nil:NilClass || undefined method `total' for nil || undefined method 'total' for nil
> app/services/invoices/build.rb | block in Invoices::Build#call | sum += line.total
# nil-plus @nil
! NoMethodError: undefined method `+' for nil:NilClass || undefined method `+' for nil || undefined method '+' for nil
> app/services/invoices/build.rb | Invoices::Build#grand_total | @net + @tax
# find-order @find
! ActiveRecord::RecordNotFound: Couldn't find Order with 'id'={int}
> app/services/orders/load.rb | Orders::Load#call | Order.find(id)
~ activerecord/lib/active_record/core.rb | find
# find-coupon @find
! ActiveRecord::RecordNotFound: Couldn't find Coupon with [WHERE "coupons"."code" = $1]
> app/services/coupons/redeem.rb | Coupons::Redeem#call | Coupon.find_by!(code: code)
~ activerecord/lib/active_record/core.rb | find_by!
# unique @pg
! ActiveRecord::RecordNotUnique: PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "index_users_on_email"\nDETAIL:  Key (email)=({email}) already exists.\n
> app/models/user.rb | User.register | create!(attributes)
~ activerecord/lib/active_record/connection_adapters/postgresql_adapter.rb | exec_params
^ PG::UniqueViolation: ERROR:  duplicate key value violates unique constraint "index_users_on_email"\nDETAIL:  Key (email)=({email}) already exists.\n
~ activerecord/lib/active_record/connection_adapters/postgresql_adapter.rb | exec_params
# view-template @view
! ActionView::Template::Error: undefined method `title' for nil:NilClass || undefined method `title' for nil || undefined method 'title' for nil
> app/views/orders/show.html.erb | _app_views_orders_show_html_erb___40123{n}_6{n} | <%= @order.coupon.title %>
# invalid @invalid
! ActiveRecord::RecordInvalid: Validation failed: Email has already been taken
> app/services/signup.rb | Signup#save | user.save!
~ activerecord/lib/active_record/validations.rb | raise_validation_error
# read-timeout @net
! Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>
> app/clients/geo_client.rb | GeoClient#locate | connection.get("/geo/#{zip}")
~ net-http/lib/net/protocol.rb | rbuf_fill
# read-timeout-tax @net
! Net::ReadTimeout: Net::ReadTimeout with #<TCPSocket:(closed)>
> app/clients/tax_client.rb | TaxClient#quote | connection.post('/quote', body)
~ net-http/lib/net/protocol.rb | rbuf_fill
# arity
! ArgumentError: wrong number of arguments (given {small}, expected 2)
> app/services/mailer_job.rb | MailerJob#deliver | def deliver(user, kind)
# symbol-key
! KeyError: key not found: :currency
> app/models/price.rb | Price#to_s | parts.fetch(:currency)
# frozen
! FrozenError: can't modify frozen String: "{first}"
> app/lib/slugs.rb | Slugs.clean | text << '-'
# pundit-show @pundit
! Pundit::NotAuthorizedError: not allowed to show? this Order || not allowed to OrderPolicy#show? this Order
> app/policies/gate.rb | Gate#check! | authorize record, query
# uninitialized
! NameError: uninitialized constant Billing::Stripe
> app/services/billing/charge.rb | Billing::Charge#call | Stripe::Charge.create(params)
"""

PHP = r"""
# dup-email @sql
! Illuminate\Database\UniqueConstraintViolationException: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '{email}' for key 'users.users_email_unique' (Connection: mysql, SQL: insert into `users` (`email`, `name`) values ({email}, {first}))
> app/Services/Signup.php | App\Services\Signup::register | $user = User::create($data);
~ laravel/framework/src/Illuminate/Database/Connection.php | Illuminate\Database\Connection::runQueryCallback
^ PDOException: SQLSTATE[23000]: Integrity constraint violation: 1062 Duplicate entry '{email}' for key 'users.users_email_unique'
~ laravel/framework/src/Illuminate/Database/Connection.php | Illuminate\Database\Connection::statement
# unknown-column @sql
! Illuminate\Database\QueryException: SQLSTATE[42S22]: Column not found: 1054 Unknown column 'orders.shipped' in 'where clause' (Connection: mysql, SQL: select * from `orders` where `shipped` = {int})
> app/Reports/Late.php | App\Reports\Late::rows | return Order::where('shipped', $day)->get();
~ laravel/framework/src/Illuminate/Database/Connection.php | Illuminate\Database\Connection::runQueryCallback
# gone-away @sql
! Illuminate\Database\QueryException: SQLSTATE[HY000]: General error: 2006 MySQL server has gone away (Connection: mysql, SQL: select * from `jobs` where `id` = {int})
> app/Reports/Late.php | App\Reports\Late::rows | return Order::where('shipped', $day)->get();
~ laravel/framework/src/Illuminate/Database/Connection.php | Illuminate\Database\Connection::runQueryCallback
# model-missing @model
! Illuminate\Database\Eloquent\ModelNotFoundException: No query results for model [App\Models\Order] {int}
> app/Services/Orders.php | App\Services\Orders::byId | return Order::findOrFail($id);
~ laravel/framework/src/Illuminate/Database/Eloquent/Builder.php | Illuminate\Database\Eloquent\Builder::findOrFail
# array-key @warn
! ErrorException: Undefined array key "discount"
> app/Services/Pricing.php | App\Services\Pricing::net | return $row['gross'] - $row['discount'];
# array-offset @warn
! ErrorException: Trying to access array offset on value of type null || Trying to access array offset on null
> app/Services/Pricing.php | App\Services\Pricing::tax | return $this->rates[$country]['rate'];
# read-null @warn
! ErrorException: Attempt to read property "city" on null
> app/Services/Labels.php | App\Services\Labels::line | return $order->address->city;
# type-error
! TypeError: App\Services\Mail::send(): Argument #1 ($user) must be of type App\Models\User, null given, called in {path} on line {small}
> app/Services/Mail.php | App\Services\Mail::send | public function send(User $user): void
# member-null
! Error: Call to a member function format() on null
> app/Http/Resources/OrderResource.php | App\Http\Resources\OrderResource::toArray | 'shipped' => $this->shipped_at->format('c'),
# guzzle-404 @guzzle
! GuzzleHttp\Exception\ClientException: Client error: `GET {url}` resulted in a `404 Not Found` response:\n{json}
> app/Clients/Geo.php | App\Clients\Geo::find | $reply = $this->http->get($url);
~ guzzlehttp/guzzle/src/Exception/RequestException.php | GuzzleHttp\Exception\RequestException::create
# guzzle-timeout @guzzle
! GuzzleHttp\Exception\ConnectException: cURL error 28: Operation timed out after {ms} milliseconds with 0 bytes received (see https://curl.haxx.se/libcurl/c/libcurl-errors.html) for {url}
> app/Clients/Geo.php | App\Clients\Geo::find | $reply = $this->http->get($url);
~ guzzlehttp/guzzle/src/Handler/CurlFactory.php | GuzzleHttp\Handler\CurlFactory::createRejection
# memory %noentry
! Symfony\Component\ErrorHandler\Error\FatalError: Allowed memory size of 134217728 bytes exhausted (tried to allocate {int} bytes)
> app/Reports/Export.php | App\Reports\Export::all | $rows = $query->get()->all();
# no-route %noentry
! Symfony\Component\HttpKernel\Exception\NotFoundHttpException: No route found for "GET https://shop.example/{word}/{file}"
~ symfony/http-kernel/EventListener/RouterListener.php | Symfony\Component\HttpKernel\EventListener\RouterListener::onKernelRequest
# closure-map
! TypeError: Unsupported operand types: string * int
> app/Services/Totals.php | App\Services\Totals::all | return $lines->map(fn ($line) => $line->price * $line->qty);
> app/Services/Totals.php | App\Services\Totals::App\Services\{closure} | return $lines->map(fn ($line) => $line->price * $line->qty);
"""

GO = r"""
# index @panic %panic
! runtime.boundsError: runtime error: index out of range [{small}] with length {small}
> github.com/acme/shop/cart | (*Cart).lineAt | return c.lines[i]
~ runtime | goPanicIndex
# nil-deref @panic %panic
! runtime.errorString: runtime error: invalid memory address or nil pointer dereference
> github.com/acme/shop/orders | (*Service).total.func{n} | sum += line.Price.Amount
~ runtime | panicmem
# nil-deref-mail @panic %panic
! runtime.errorString: runtime error: invalid memory address or nil pointer dereference
> github.com/acme/shop/mail | render[...] | name := user.Profile.Name
~ runtime | panicmem
# must-config @must %panic
! *strconv.NumError: strconv.Atoi: parsing "{word}": invalid syntax
> github.com/acme/shop/config | Load | c.Port = must(atoi(env("PORT")))
> github.com/acme/shop/internal/must | must[...] | panic(err)
# norows-order @norows
! *fmt.wrapError: load order {int}: query: sql: no rows in result set
> github.com/acme/shop/web | report | hub.CaptureException(err)
# norows-user @norows
! *fmt.wrapError: load user {uuid}: query: sql: no rows in result set
> github.com/acme/shop/web | report | hub.CaptureException(err)
# dial
! *net.OpError: dial tcp {ip}:5432: connect: connection refused || dial tcp [{ip6}]:5432: connect: connection refused
> github.com/acme/shop/web | report | hub.CaptureException(err)
# deadline @ctx
! *url.Error: Get "{url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)
> github.com/acme/shop/web | report | hub.CaptureException(err)
# deadline-tax @ctx
! *fmt.wrapError: quote tax for {uuid}: context deadline exceeded
> github.com/acme/shop/web | report | hub.CaptureException(err)
# pg-dup @pg
! *pgconn.PgError: ERROR: duplicate key value violates unique constraint "users_email_key" (SQLSTATE 23505)
> github.com/acme/shop/web | report | hub.CaptureException(err)
# pg-fk @pg
! *pgconn.PgError: ERROR: insert or update on table "orders" violates foreign key constraint "orders_user_fk" (SQLSTATE 23503)
> github.com/acme/shop/web | report | hub.CaptureException(err)
# json
! *json.UnmarshalTypeError: json: cannot unmarshal string into Go struct field Line.qty of type int
> github.com/acme/shop/web | report | hub.CaptureException(err)
# open
! *fs.PathError: open {path}: no such file or directory
> github.com/acme/shop/web | report | hub.CaptureException(err)
# map-writes %panic
! runtime.plainError: concurrent map writes
> github.com/acme/shop/cache | (*Cache).Put | c.items[key] = value
~ runtime | mapassign_faststr
# custom @custom
! *stock.ErrTooFew: only {small} of {sku} left
> github.com/acme/shop/web | report | hub.CaptureException(err)
# custom-names @custom
! *carrier.Error: carrier {word} rejected parcel {hex}: address incomplete
> github.com/acme/shop/web | report | hub.CaptureException(err)
"""

DOTNET = r"""
# nre-address @nre
! System.NullReferenceException: Object reference not set to an instance of an object.
> Acme.Shop.LabelService | async Task<Label> LabelService.PrintAsync(Guid id)
> Acme.Shop.LabelService | string LabelService.CityOf(Order order)
# nre-total @nre
! System.NullReferenceException: Object reference not set to an instance of an object.
> Acme.Shop.OrderService | async Task<decimal> OrderService.TotalAsync(Guid id)
# seq-plan @first
! System.InvalidOperationException: Sequence contains no elements
> Acme.Shop.PlanService | Plan PlanService.Current(User user)
~ System.Linq.Enumerable | First
~ System.Linq.ThrowHelper | ThrowNoElementsException
# seq-depot @first
! System.InvalidOperationException: Sequence contains no matching element
> Acme.Shop.DepotService | Depot DepotService.Nearest(Point point)
~ System.Linq.Enumerable | First
~ System.Linq.ThrowHelper | ThrowNoMatchException
# ef-dup @ef
! Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving the entity changes. See the inner exception for details.
> Acme.Shop.Db.UnitOfWork | async Task UnitOfWork.CommitAsync()
~ Microsoft.EntityFrameworkCore.DbContext | SaveChangesAsync
^ Npgsql.PostgresException: 23505: duplicate key value violates unique constraint "IX_Users_Email"\n\nDETAIL: Key ("Email")=({email}) already exists.
~ Npgsql.Internal.NpgsqlConnector | ReadMessageLong
# ef-fk @ef
! Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving the entity changes. See the inner exception for details.
> Acme.Shop.Db.UnitOfWork | async Task UnitOfWork.CommitAsync()
~ Microsoft.EntityFrameworkCore.DbContext | SaveChangesAsync
^ Npgsql.PostgresException: 23503: insert or update on table "Orders" violates foreign key constraint "FK_Orders_Users_UserId"
~ Npgsql.Internal.NpgsqlConnector | ReadMessageLong
# http-404 @http
! System.Net.Http.HttpRequestException: Response status code does not indicate success: 404 (Not Found).
> Acme.Clients.GeoClient | async Task<Place> GeoClient.FindAsync(string zip)
~ System.Net.Http.HttpResponseMessage | EnsureSuccessStatusCode
# http-503 @http
! System.Net.Http.HttpRequestException: Response status code does not indicate success: 503 (Service Unavailable).
> Acme.Clients.GeoClient | async Task<Place> GeoClient.FindAsync(string zip)
~ System.Net.Http.HttpResponseMessage | EnsureSuccessStatusCode
# canceled
! System.Threading.Tasks.TaskCanceledException: The request was canceled due to the configured HttpClient.Timeout of {small} seconds elapsing.
> Acme.Clients.TaxClient | async Task<Quote> TaxClient.QuoteAsync(Order order)
~ System.Net.Http.HttpClient | HandleFailure
# key-missing
! System.Collections.Generic.KeyNotFoundException: The given key '{sku}' was not present in the dictionary.
> Acme.Shop.PriceBook | decimal PriceBook.PriceOf(string sku)
~ System.Collections.Generic.Dictionary`2 | get_Item
# arg-null-name @guard
! System.ArgumentNullException: Value cannot be null. (Parameter 'name')
> Acme.Shop.CustomerService | Customer CustomerService.Rename(string name)
> Acme.Shop.Common.Guard | void Guard.NotNull(object value, string name)
# arg-null-order @guard
! System.ArgumentNullException: Value cannot be null. (Parameter 'order')
> Acme.Shop.OrderService | void OrderService.Ship(Order order)
> Acme.Shop.Common.Guard | void Guard.NotNull(object value, string name)
# json-path
! System.Text.Json.JsonException: The JSON value could not be converted to System.Int32. Path: $.lines[{small}].qty | LineNumber: {small} | BytePositionInLine: {small}.
> Acme.Api.HookReader | async Task<Hook> HookReader.ReadAsync(Stream body)
~ System.Text.Json.ThrowHelper | ReThrowWithPath
# mediatr
! Acme.Shop.DomainException: Order {uuid} is already shipped
> Acme.Shop.Pipeline.LoggingBehavior`2 | async Task<TResponse> LoggingBehavior.Handle(TRequest request)
> Acme.Shop.Orders.ShipHandler | async Task<Unit> ShipHandler.Handle(ShipOrder request)
# mediatr-cancel
! Acme.Shop.DomainException: Order {uuid} is already shipped
> Acme.Shop.Pipeline.LoggingBehavior`2 | async Task<TResponse> LoggingBehavior.Handle(TRequest request)
> Acme.Shop.Orders.CancelHandler | async Task<Unit> CancelHandler.Handle(CancelOrder request)
# disposed
! System.ObjectDisposedException: Cannot access a disposed context instance. A common cause of this error is disposing a context instance that was resolved from dependency injection.\nObject name: 'ShopContext'.
> Acme.Shop.Reports.Monthly | async Task<Report> Monthly.BuildAsync()
~ Microsoft.EntityFrameworkCore.DbContext | CheckDisposed
"""

COCOA = r"""
# nil-unwrap @fatal
! Fatal error: Shop/CartView.swift:{small}: Fatal error: Unexpectedly found nil while unwrapping an Optional value
> Shop | closure #{n} in CartModel.total(of:)
~ libswiftCore.dylib | _assertionFailure(_:_:file:line:flags:)
# nil-unwrap-pay @fatal
! Fatal error: Shop/PayView.swift:{small}: Fatal error: Unexpectedly found nil while unwrapping an Optional value
> Shop | PaySheet.confirm()
~ libswiftCore.dylib | _assertionFailure(_:_:file:line:flags:)
# range-feed @range
! NSRangeException: *** -[__NSArrayM objectAtIndexedSubscript:]: index {small} beyond bounds [0 .. {small}]
> Shop | FeedSource.item(at:)
~ CoreFoundation | -[__NSArrayM objectAtIndexedSubscript:]
# range-gallery @range
! NSRangeException: *** -[__NSArrayM objectAtIndexedSubscript:]: index {small} beyond bounds [0 .. {small}]
> Shop | -[GalleryController cellAt:]
~ CoreFoundation | -[__NSArrayM objectAtIndexedSubscript:]
# selector
! NSInvalidArgumentException: -[__NSCFNumber length]: unrecognized selector sent to instance {ptr}
> Shop | -[ProfileCell setName:]
~ CoreFoundation | ___forwarding___
# bad-access
! EXC_BAD_ACCESS: Attempted to dereference garbage pointer at {ptr}. || KERN_INVALID_ADDRESS at {ptr}.
> Shop | ImageCache.evict(_:)
~ libobjc.A.dylib | objc_release
# table-update
! NSInternalInconsistencyException: Invalid update: invalid number of rows in section 0. The number of rows contained in an existing section after the update ({small}) must be equal to the number of rows before ({small}), plus or minus {small} inserted
> Shop | FeedController.apply(_:)
~ UIKitCore | -[UITableView _endCellAnimationsWithContext:]
# async-task
! Fatal error: Index out of range || Shop/Sync.swift:{small}: Fatal error: Index out of range
> Shop | (2) await resume partial function for SyncEngine.merge(_:)
~ libswiftCore.dylib | _assertionFailure(_:_:file:line:flags:)
# url-error @nserror %noentry
! NSURLErrorDomain: The Internet connection appears to be offline. (Code: -1009)
# url-timeout @nserror %noentry
! NSURLErrorDomain: The request timed out. (Code: -1001)
# hang-decode @hang %hang
! App Hanging: App hanging between 2.{small} and 2.{small} seconds.
> Shop | FeedStore.decodeAll()
~ Foundation | JSONDecoder.decode<A>(_:from:)
"""

NATIVE = r"""
# segv-texture @segv
! SIGSEGV: Fatal Error: SIGSEGV / SEGV_MAPERR / {ptr}
> game | render::TextureCache::get(std::string const&) const
# segv-mesh @segv
! SIGSEGV: Fatal Error: SIGSEGV / SEGV_MAPERR / {ptr}
> game | render::Mesh::upload<render::Vertex>(std::vector<render::Vertex> const&)
~ libGL.so.1 | glBufferData
# abort-assert
! SIGABRT: Fatal Error: SIGABRT / {int}
> game | physics::World::step(float)
> game | core::assertFailed(char const*, int)
~ libc.so.6 | abort
# access-violation
! EXCEPTION_ACCESS_VIOLATION_READ: Fatal Error: EXCEPTION_ACCESS_VIOLATION_READ / {ptr}
> game | audio::Mixer::mix(audio::Buffer&)::{lambda(int)#{n}}::operator()(int) const
# free
! SIGABRT: Fatal Error: SIGABRT / {int}
> game | net::Packet::~Packet()
~ libc.so.6 | __libc_free
# no-symbols
! EXCEPTION_ACCESS_VIOLATION_WRITE: Fatal Error: EXCEPTION_ACCESS_VIOLATION_WRITE / {ptr}
~ nvoglv64.dll | DrvPresentBuffers
"""

RUST = r"""
# unwrap-none @unwrap
! panic: called `Option::unwrap()` on a `None` value
> shop | shop::cart::Cart::first_line
~ shop | core::option::unwrap_failed
~ shop | core::panicking::panic
# unwrap-none-user @unwrap
! panic: called `Option::unwrap()` on a `None` value
> shop | shop::users::current::{{closure}}
~ shop | core::option::unwrap_failed
~ shop | core::panicking::panic
# unwrap-err @unwrap
! panic: called `Result::unwrap()` on an `Err` value: Os { code: 2, kind: NotFound, message: "No such file or directory" }
> shop | shop::config::load
~ shop | core::result::unwrap_failed
# bounds
! panic: index out of bounds: the len is {small} but the index is {small}
> shop | <shop::cart::Cart as shop::traits::Total>::total
~ shop | <alloc::vec::Vec<T,A> as core::ops::index::Index<I>>::index
~ shop | core::panicking::panic_bounds_check
# bounds-other @traits
! panic: index out of bounds: the len is {small} but the index is {small}
> shop | <shop::invoice::Invoice as shop::traits::Total>::total
~ shop | core::panicking::panic_bounds_check
# map-closure
! panic: attempt to subtract with overflow
> shop | shop::stock::levels
~ shop | <core::iter::adapters::map::Map<I,F> as core::iter::traits::iterator::Iterator>::fold
> shop | shop::stock::levels::{{closure}}
~ shop | core::panicking::panic_const::panic_const_sub_overflow
# borrow
! panic: already borrowed: BorrowMutError
> shop | shop::session::Session::touch
~ shop | core::cell::panic_already_borrowed
"""

DART = r"""
# null-check @null
! TypeError: Null check operator used on a null value
> package:shop/cart/cart_bloc.dart | CartBloc._onAdd
# null-check-profile @null
! TypeError: Null check operator used on a null value
> package:shop/profile/avatar.dart | new Avatar.fromJson
# subtype
! _TypeError: type 'Null' is not a subtype of type 'String' || type 'Null' is not a subtype of type 'String' in type cast
> package:shop/models/order.dart | new Order.fromJson
> package:shop/models/order.g.dart | _$OrderFromJson
# dispose
! FlutterError: setState() called after dispose(): _CartPageState#{hex}(lifecycle state: defunct, not mounted)
> package:shop/pages/cart_page.dart | _CartPageState._load.<anonymous closure>
~ package:flutter/src/widgets/framework.dart | State.setState
# overflow %noentry
! FlutterError: A RenderFlex overflowed by {small} pixels on the right.
~ package:flutter/src/rendering/debug_overflow_indicator.dart | DebugOverflowIndicatorMixin._reportOverflow
# dio-404 @dio
! DioException: DioException [bad response]: This exception was thrown because the response has a status code of 404 and RequestOptions.validateStatus was configured to throw for this status code.
> package:shop/api/orders_api.dart | OrdersApi.fetch
~ package:dio/src/dio_mixin.dart | DioMixin.fetch
# dio-timeout @dio
! DioException: DioException [connection timeout]: The request connection took longer than 0:00:{small}.000000. It was aborted.
> package:shop/api/orders_api.dart | OrdersApi.fetch
~ package:dio/src/dio_mixin.dart | DioMixin.fetch
# late
! LateError: LateInitializationError: Field 'controller' has not been initialized.
> package:shop/video/player.dart | PlayerState.play
# platform
! PlatformException: PlatformException(sign_in_failed, com.google.android.gms.common.api.ApiException: {small}: , null, null)
> package:shop/auth/google.dart | GoogleAuth.signIn
"""

RN = r"""
# undefined-user
! TypeError: undefined is not an object (evaluating 't.user.name') || Cannot read property 'name' of undefined || Cannot read property 'name' of undefined || undefined is not an object (evaluating 'e.user.name')
> src/Profile | renderHeader
# undefined-price
! TypeError: Cannot read property 'price' of undefined || Cannot read property 'price' of null
> src/Cart | sumLines
# invariant-module
! Invariant Violation: TurboModuleRegistry.getEnforcing(...): 'RNMapsAirModule' could not be found. Verify that a module by this name is registered in the native binary.
> src/maps | getEnforcing
# network
! TypeError: Network request failed
> src/api | loadFeed
~ native | anonymous
"""

UNITY = r"""
# nre-player @nre
! NullReferenceException: Object reference not set to an instance of an object
> PlayerController | TakeDamage
# nre-shop @nre
! NullReferenceException: Object reference not set to an instance of an object
> ShopWindow | Refresh
# destroyed
! MissingReferenceException: The object of type 'Enemy' has been destroyed but you are still trying to access it.\nYour script should either check if it is null or you should not destroy the object.
> EnemyTracker+<Follow>d__{n} | MoveNext
~ UnityEngine.Transform | get_position
# index
! ArgumentOutOfRangeException: Index was out of range. Must be non-negative and less than the size of the collection.\nParameter name: index
> Inventory+<>c__DisplayClass{n}_0 | <Sort>b__0
~ System.Collections.Generic.List`1[T] | get_Item
"""

ELIXIR = r"""
# clause @clause
! FunctionClauseError: no function clause matching in Shop.Cart.total/2
> lib/shop/cart.ex | Shop.Cart.total/2
# match
! MatchError: no match of right hand side value: {:error, %{id: {int}}}
> lib/shop/orders.ex | Shop.Orders.place/1
# key
! KeyError: key :email not found in: %{id: {int}, name: "{first}"}
> lib/shop/mailer.ex | anonymous fn/1 in Shop.Mailer.deliver/2
# pool
! DBConnection.ConnectionError: connection not available and request was dropped from queue after {ms}ms. This means requests are coming in and your connection pool cannot serve them fast enough.
> lib/shop/orders.ex | Shop.Orders.list/1
~ deps/ecto_sql/lib/ecto/adapters/sql.ex | Ecto.Adapters.SQL.raise_sql_call_error/1
"""

LOGS = r"""
# quota
! -: Customer {slug} exceeded the quota: {money} of {money} EUR
# sync-done
! -: Sync of {uuid} took {ms} ms, longer than {small}s
# params @params %params
! -: Could not send {title} to {email}: {words}
# params-two @params %params
! -: Could not archive {title} of {name}
# user-words @varying
! -: User {first} could not be synchronised
# user-words-b @varying
! -: Payment of {first} was refused by the bank
# mail-bounced @varying
! -: Mail to {email} bounced: mailbox full
# cron-late
! -: Job {word}.cleanup was {float} seconds late at {stamp}
# disk @disk
! -: Disk /dev/sd{small} on {host} is {small}% full
# disk-inode @disk
! -: Inodes on {host} are {small}% used
# kv
! -: retry exhausted job={word} attempt={small} error=timeout
# ip
! -: Blocked login from {ip} for {email} after {small} attempts
# ip6
! -: Blocked webhook from {ip6}
# win
! -: Cannot write {win}: access denied
# euro
! -: Refund of {euro} EUR does not match ledger {euro} EUR
# json-tail
! -: Webhook failed with payload {json}
# static-a @static
! -: Cache is cold, falling back to the database
# static-b @static
! -: Cache is full, falling back to the database
# static-c @static
! -: Failed to load orders
# static-d @static
! -: Failed to load invoices
# static-e @static
! -: Failed to load vouchers
# static-f @static
! -: Failed to load customers
# static-g @static
! -: Failed to load carriers
# static-h @static
! -: Failed to load depots
# title-words @varying
! -: {title} template is outdated for tenant {slug}
# plain-name @varying
! -: {name} has been locked out
"""

TABLES = {
    "python": PYTHON, "node": NODE, "web": WEB, "java": JAVA, "android": ANDROID, "ruby": RUBY,
    "php": PHP, "go": GO, "dotnet": DOTNET, "cocoa": COCOA, "native": NATIVE, "rust": RUST,
    "dart": DART, "rn": RN, "unity": UNITY, "elixir": ELIXIR, "logs": LOGS,
}  # fmt: skip
