"""A second set of bugs, written after the first had been learned from. See kit.py."""

WEB = r"""
# hook-state @react2
! TypeError: Cannot read properties of undefined (reading 'filter') || can't access property "filter", i is undefined || undefined is not an object (evaluating 'i.filter')
> orders/useOrders | useOrders | const open = orders.filter((order) => order.open);
> orders/List | List | const { open } = useOrders(query);
# memo-sort @react2
! TypeError: Cannot read properties of undefined (reading 'sort') || can't access property "sort", o is undefined || undefined is not an object (evaluating 'o.sort')
> orders/useOrders | useSorted | return rows.sort(byDate);
# class-kept @kept %kept
! TypeError: Cannot set properties of null (setting 'innerHTML') || can't access property "innerHTML", this.root is null || null is not an object (evaluating 'this.root.innerHTML = e')
> widget/Widget | WidgetView.renderBody | this.root.innerHTML = html;
# kept-two @kept %kept
! TypeError: Cannot set properties of null (setting 'innerHTML') || can't access property "innerHTML", this.box is null || null is not an object (evaluating 'this.box.innerHTML = t')
> widget/Tooltip | TooltipView.showText | this.box.innerHTML = text;
# vue-nexttick
! TypeError: Cannot read properties of undefined (reading '$refs') || can't access property "$refs", e is undefined || undefined is not an object (evaluating 'e.$refs')
~ vendor/vue | nextTick
> form/Editor | focusEditor | this.$parent.$refs.input.focus();
# custom-error
! CartLockedError: Cart {uuid} is locked by {first}
> cart/lock | lockCart | throw new CartLockedError(id, owner);
# custom-status @status
! ApiError: Request failed with status 409
> api/client | request | throw new ApiError(reply.status);
> cart/actions | reserveItems | await api.request('/reserve');
# custom-status-500 @status
! ApiError: Request failed with status 500
> api/client | request | throw new ApiError(reply.status);
> cart/actions | reserveItems | await api.request('/reserve');
# axios-network @axios
! AxiosError: Network Error
~ vendor/axios | handleError
# abort
! AbortError: signal is aborted without reason || The operation was aborted. || Fetch is aborted
> search/suggest | suggest | const reply = await fetch(url, { signal });
# dynamic-import %nomap %noentry
! TypeError: Failed to fetch dynamically imported module: https://app.example/assets/Orders-{hex}.js || error loading dynamically imported module: https://app.example/assets/Orders-{hex}.js || Importing a module script failed.
# hydration %nomap
! Error: Hydration failed because the server rendered HTML didn't match the client. || Hydration failed because the initial UI does not match what was rendered on the server. || Hydration failed because the initial UI does not match what was rendered on the server.
~ vendor/react-dom | throwOnHydrationMismatch
# webgl
! Error: Could not create a WebGL context, VENDOR = {word}, DEVICE = {hex} || Could not create a WebGL context, VENDOR = {word} || Could not create a WebGL context
> map/Map | Map.init | this.map = new maplibre.Map(options);
# tdz
! ReferenceError: Cannot access 'o' before initialization || can't access lexical declaration 'o' before initialization || Cannot access 'o' before initialization.
> boot/app | setup | register(handlers);
"""

NODE = r"""
# anonymous-route-a @anon
! TypeError: Cannot read properties of undefined (reading 'toUpperCase')
> src/routes/coupons | ? | const code = req.body.code.toUpperCase();
# anonymous-route-b @anon
! TypeError: Cannot read properties of undefined (reading 'toUpperCase')
> src/routes/users | ? | const name = req.body.name.toUpperCase();
# lambda-handler
! ValidationException: One or more parameter values were invalid: Missing the key id in the item
> src/handler | Runtime.handler | await table.put(event.detail);
~ @aws-sdk/client-dynamodb/dist-cjs/index | throwDefaultError
# aws-nosuchkey @aws
! NoSuchKey: The specified key does not exist.
> src/store/files | FileStore.read | const out = await this.s3.send(new GetObjectCommand(input));
~ @smithy/smithy-client/dist-cjs/index | throwDefaultError
# aws-denied @aws
! AccessDenied: User: arn:aws:iam::{int}:user/{word} is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::{word}/{file}"
> src/store/files | FileStore.read | const out = await this.s3.send(new GetObjectCommand(input));
~ @smithy/smithy-client/dist-cjs/index | throwDefaultError
# graphql-a @graphql
! GraphQLError: Cannot query field "{word}" on type "Order".
~ graphql/validation/validate | validate
# exec-failed @exec
! Error: Command failed: pdftk {path} output {path}\nError: Unable to find file.\n
> src/pdf/merge | merge | const out = execFileSync('pdftk', args);
~ node:child_process | checkExecSyncError
# exec-convert @exec
! Error: Command failed: convert {path} -resize 200 {path}\nconvert: no decode delegate\n
> src/pdf/thumb | thumb | const out = execFileSync('convert', args);
~ node:child_process | checkExecSyncError
# knex-timeout
! KnexTimeoutError: Knex: Timeout acquiring a connection. The pool is probably full. Are you missing a .transacting(trx) call?
> src/orders/repo | OrdersRepo.list | return this.knex('orders').where(filter);
~ knex/lib/client | Client_PG.acquireConnection
# event-emitter %noentry
! Error: read ECONNRESET
~ node:internal/stream_base_commons | TLSWrap.onStreamRead
# stripe-card @stripe
! StripeCardError: Your card was declined.
> src/pay/charge | Payments.charge | return await this.stripe.paymentIntents.create(input);
~ stripe/cjs/StripeError | StripeError.generate
# stripe-rate @stripe
! StripeRateLimitError: Too many requests hit the API too quickly.
> src/pay/charge | Payments.charge | return await this.stripe.paymentIntents.create(input);
~ stripe/cjs/StripeError | StripeError.generate
# class-transformer @guarded
! UnauthorizedException: token {hex} expired
> src/auth/jwt.guard | JwtGuard.canActivate | throw new UnauthorizedException(`token ${id} expired`);
# async-gen
! TypeError: Cannot destructure property 'lines' of 'undefined' as it is undefined.
> src/feed/stream | async rows | const { lines } = await page.next();
> src/feed/stream | rows.next
"""

JAVA = r"""
# stream-lambda @lambda
! NullPointerException: Cannot invoke "String.trim()" because the return value of "com.acme.shop.Row.name()" is null
> com.acme.shop.Importer | importAll
~ java.util.stream.ReferencePipeline$3$1 | accept
> com.acme.shop.Importer | lambda$importAll${n}
# anonymous-class @anoncls
! IllegalArgumentException: Comparison method violates its general contract!
> com.acme.shop.Ranking | rank
~ java.util.TimSort | mergeHi
# feign @feign
! feign.FeignException$NotFound: [404 Not Found] during [GET] to [{url}] [GeoApi#byZip(String)]: [{json}]
> com.acme.geo.GeoService | byZip
~ feign.codec.ErrorDecoder$Default | decode
# feign-503 @feign
! feign.FeignException$ServiceUnavailable: [503 Service Unavailable] during [GET] to [{url}] [GeoApi#byZip(String)]: []
> com.acme.geo.GeoService | byZip
~ feign.codec.ErrorDecoder$Default | decode
# validation
! jakarta.validation.ConstraintViolationException: place.order.lines[{small}].qty: must be greater than 0
> com.acme.shop.OrderController$$SpringCGLIB$$0 | place
~ org.springframework.validation.beanvalidation.MethodValidationInterceptor | invoke
# bean-missing %noentry
! org.springframework.beans.factory.UnsatisfiedDependencyException: Error creating bean with name 'mailer' defined in file [{path}]: Unsatisfied dependency expressed through constructor parameter 0
> com.acme.Main | main
~ org.springframework.beans.factory.support.ConstructorResolver | createArgumentArray
^ org.springframework.beans.factory.NoSuchBeanDefinitionException: No qualifying bean of type 'com.acme.mail.Transport' available
~ org.springframework.beans.factory.support.DefaultListableBeanFactory | raiseNoMatchingBeanFound
# soap
! com.acme.legacy.SoapFault: Fault {int}: order {slug} unknown
> com.acme.legacy.LegacyPort | submit
> com.acme.legacy.FaultMapper | fail
# optimistic
! org.springframework.orm.ObjectOptimisticLockingFailureException: Row was updated or deleted by another transaction (or unsaved-value mapping was incorrect) : [com.acme.shop.Stock#{int}]
> com.acme.shop.StockService | take
~ org.springframework.orm.jpa.JpaTransactionManager | doCommit
# date-parse
! java.time.format.DateTimeParseException: Text '{date}' could not be parsed at index {small}
> com.acme.shop.imports.Dates | parse
~ java.time.format.DateTimeFormatter | parseResolved0
# kotlin-null %kotlin
! NullPointerException:
> com.acme.shop.InvoiceMapper | toDto
# kotlin-suspend-lambda %kotlin
! IllegalStateException: Flow {hex} aborted
> com.acme.shop.Watcher$watch$1 | invokeSuspend
# scala-match
! scala.MatchError: Some({int}) (of class scala.Some)
> com.acme.shop.Rules$ | $anonfun$apply${n}
"""

ANDROID = r"""
# r8-home @r8 %r8
! NullPointerException: Attempt to invoke virtual method 'int java.lang.String.length()' on a null object reference
> {m:com.HomeModel.a}.{m:com.HomeModel.b} | {m:com.HomeModel.c}
# compose %noentry
! IllegalStateException: LayoutCoordinate operations are only valid when isAttached is true
~ androidx.compose.ui.node.NodeCoordinator | localPositionOf
# service %noentry
! android.app.ForegroundServiceDidNotStartInTimeException: Context.startForegroundService() did not then call Service.startForeground(): ServiceRecord{{hex} u0 com.acme.app/.SyncService}
~ android.app.ActivityThread | throwRemoteServiceException
# retrofit @http
! retrofit2.HttpException: HTTP 401
> com.acme.app.api.FeedRepo$load$2 | invokeSuspend
~ retrofit2.KotlinExtensions$await$2$2 | onResponse
# retrofit-500 @http
! retrofit2.HttpException: HTTP 500
> com.acme.app.api.FeedRepo$load$2 | invokeSuspend
~ retrofit2.KotlinExtensions$await$2$2 | onResponse
# unknown-host
! java.net.UnknownHostException: Unable to resolve host "{host}": No address associated with hostname
> com.acme.app.api.Ping | once
~ java.net.Inet6AddressImpl | lookupHostByName
"""

RUBY = r"""
# service-call @call
! Payments::Declined: card {token} declined
> app/services/payments/charge.rb | Payments::Charge#call | raise Declined, "card #{id} declined"
# service-call-refund @call
! Payments::Declined: card {token} declined
> app/services/payments/refund.rb | Payments::Refund#call | raise Declined, "card #{id} declined"
# concern
! NoMethodError: undefined method `fetch' for nil:NilClass || undefined method `fetch' for nil || undefined method 'fetch' for nil
> app/controllers/concerns/filters.rb | block (2 levels) in Filters#apply_filters | scope = scope.where(key => params[:filter].fetch(key))
# partial
! ActionView::Template::Error: undefined local variable or method `coupon' for #<#<Class:{ptr}>:{ptr}> || undefined local variable or method `coupon' for an instance of #<Class:{ptr}> || undefined local variable or method 'coupon' for an instance of #<Class:{ptr}>
> app/views/cart/_line.html.erb | _app_views_cart__line_html_erb___40123{n}_6{n} | <%= coupon.code %>
# statement
! ActiveRecord::StatementInvalid: PG::UndefinedColumn: ERROR:  column orders.state does not exist\nLINE 1: SELECT "orders".* FROM "orders" WHERE "orders"."state" = $1\n                                              ^
> app/queries/open_orders.rb | OpenOrders#to_a | Order.where(state: 'open').to_a
~ activerecord/lib/active_record/connection_adapters/postgresql_adapter.rb | exec_params
# redis
! Redis::CannotConnectError: Error connecting to Redis on {ip}:6379 (Errno::ECONNREFUSED)
> app/lib/limiter.rb | Limiter#hit | redis.incr(key)
~ redis/lib/redis/client.rb | establish_connection
# json
! JSON::ParserError: unexpected token at '{word}' || unexpected character: '{word}' at line 1 column 1
> app/clients/tax_client.rb | TaxClient#quote | JSON.parse(response.body)
~ json/lib/json/common.rb | parse
# timeout-block
! Timeout::Error: execution expired
> app/clients/ftp.rb | block in Ftp#list | ftp.nlst
> app/clients/ftp.rb | Ftp#list | Timeout.timeout(5) { ftp.nlst }
"""

PHP = r"""
# blade
! Illuminate\View\ViewException: Undefined variable $order (View: /var/www/html/resources/views/mail/order.blade.php)
~ ../storage/framework/views/{h}.php | include | <?php echo e($order->id); ?>
^ ErrorException: Undefined variable $order
~ ../storage/framework/views/{h}.php | include | <?php echo e($order->id); ?>
# symfony-denied
! Symfony\Component\Security\Core\Exception\AccessDeniedException: Access Denied.
> src/Controller/AdminController.php | App\Controller\AdminController::stats | $this->denyAccessUnlessGranted('ROLE_ADMIN');
~ symfony/framework-bundle/Controller/AbstractController.php | Symfony\Bundle\FrameworkBundle\Controller\AbstractController::denyAccessUnlessGranted
# doctrine-gone
! Doctrine\ORM\EntityNotFoundException: Entity of type 'App\Entity\Customer' for IDs id({int}) was not found
> src/Service/Invoices.php | App\Service\Invoices::send | $mail = $order->getCustomer()->getEmail();
~ doctrine/orm/src/Proxy/ProxyFactory.php | Doctrine\ORM\Proxy\ProxyFactory::Doctrine\ORM\Proxy\{closure}
# handler-a @handle
! DomainException: Parcel {slug} is already sent
> src/Handler/SendParcelHandler.php | App\Handler\SendParcelHandler::__invoke | throw new DomainException("Parcel $id is already sent");
# handler-b @handle
! DomainException: Parcel {slug} is already sent
> src/Handler/CancelParcelHandler.php | App\Handler\CancelParcelHandler::__invoke | throw new DomainException("Parcel $id is already sent");
# file-get
! ErrorException: file_get_contents({path}): Failed to open stream: No such file or directory
> app/Services/Logo.php | App\Services\Logo::load | return file_get_contents($path);
# twig
! Twig\Error\RuntimeError: Variable "customer" does not exist in "mail/invoice.html.twig" at line {small}.
~ twig/twig/src/Environment.php | Twig\Environment::render
"""

GO = r"""
# ginpanic %panic
! runtime.errorString: runtime error: slice bounds out of range [:{small}] with capacity {small}
> github.com/acme/shop/feed | Page[...] | return rows[:size]
~ runtime | goPanicSliceAcap
# type-assert %panic
! runtime.TypeAssertionError: interface conversion: interface {} is string, not int
> github.com/acme/shop/hooks | (*Reader).Read.func{n} | id := body["id"].(int)
~ runtime | panicdottypeE
# pkg-errors
! *errors.withStack: charge {uuid}: gateway: 502 Bad Gateway
> github.com/acme/shop/web | report | hub.CaptureException(err)
# pkg-errors-timeout
! *errors.withStack: charge {uuid}: gateway: i/o timeout
> github.com/acme/shop/web | report | hub.CaptureException(err)
# grpc
! *status.Error: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp {ip}:{port}: connect: connection refused"
> github.com/acme/shop/web | report | hub.CaptureException(err)
# grpc-deadline
! *status.Error: rpc error: code = DeadlineExceeded desc = context deadline exceeded
> github.com/acme/shop/web | report | hub.CaptureException(err)
# redis-moved
! redis.Error: MOVED {int} {ip}:6379
> github.com/acme/shop/web | report | hub.CaptureException(err)
"""

DOTNET = r"""
# local-fn @local
! System.FormatException: The input string '{euro}' was not in a correct format.
> Acme.Shop.Importer | decimal Importer.ReadAll(string[] rows)+ParseRow(string row)
~ System.Number | ThrowFormatException
# lambda
! System.NullReferenceException: Object reference not set to an instance of an object.
> Acme.Shop.Basket | decimal Basket.Total()+(Line x) => { }
# sql-timeout @sql
! Microsoft.Data.SqlClient.SqlException: Execution Timeout Expired.  The timeout period elapsed prior to completion of the operation or the server is not responding.
> Acme.Shop.Reports | async Task<List<Row>> Reports.LoadAsync(DateTime day)
~ Microsoft.Data.SqlClient.SqlConnection | OnError
# sql-deadlock @sql
! Microsoft.Data.SqlClient.SqlException: Transaction (Process ID {int}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.
> Acme.Shop.Reports | async Task<List<Row>> Reports.LoadAsync(DateTime day)
~ Microsoft.Data.SqlClient.SqlConnection | OnError
# automapper @wrapmap
! AutoMapper.AutoMapperMappingException: Error mapping types.\n\nMapping types:\nOrder -> OrderDto
> Acme.Shop.Orders.OrderMapper | OrderDto OrderMapper.Map(Order order)
~ AutoMapper.Mapper | Map
^ System.NullReferenceException: Object reference not set to an instance of an object.
~ AutoMapper.Mapper | lambda_method
# repo-get @repo
! Acme.Shop.NotFoundException: Order {uuid} was not found
> Acme.Shop.Orders.OrderFacade | async Task<Order> OrderFacade.LoadAsync(Guid id)
> Acme.Shop.Db.Repository`1 | async Task<T> Repository.GetOrThrowAsync(Guid id)
# repo-get-user @repo
! Acme.Shop.NotFoundException: User {uuid} was not found
> Acme.Shop.Users.UserFacade | async Task<User> UserFacade.LoadAsync(Guid id)
> Acme.Shop.Db.Repository`1 | async Task<T> Repository.GetOrThrowAsync(Guid id)
"""

COCOA = r"""
# optional-cast
! Fatal error: Could not cast value of type 'NSNull' ({ptr}) to 'NSString' ({ptr}).
> Shop | specialized ProfileDecoder.name(from:)
~ libswiftCore.dylib | swift_dynamicCastFailure
# coredata
! NSInternalInconsistencyException: This NSPersistentStoreCoordinator has no persistent stores (unknown).  It cannot perform a save operation.
> Shop | Store.save()
~ CoreData | -[NSManagedObjectContext save:]
# kvo
! NSUnknownKeyException: [<Shop.LoginView {ptr}> setValue:forUndefinedKey:]: this class is not key value coding-compliant for the key emailField.
> Shop | LoginView.load()
~ Foundation | -[NSObject(NSKeyValueCoding) setValue:forUndefinedKey:]
# main-thread
! NSInternalInconsistencyException: Modifications to the layout engine must not be performed from a background thread after it has been accessed from the main thread.
> Shop | closure #{n} in closure #1 in FeedView.reload()
~ CoreAutoLayout | NSISEngine
# decode
! DecodingError: keyNotFound(CodingKeys(stringValue: "price", intValue: nil), Swift.DecodingError.Context(codingPath: [_JSONKey(stringValue: "Index {small}", intValue: {small})], debugDescription: "No value associated with key", underlyingError: nil)) || keyNotFound: price
> Shop | static Api.decode<A>(_:from:)
> Shop | FeedApi.load()
"""

NATIVE = r"""
# template-crash
! SIGSEGV: Fatal Error: SIGSEGV / SEGV_ACCERR / {ptr}
> game | ecs::Registry::get<ecs::Position, ecs::Velocity>(unsigned int)
> game | ai::Steering::update(float)
# inline-ns
! SIGFPE: Fatal Error: SIGFPE / FPE_INTDIV / {ptr}
> game | (anonymous namespace)::ratio(int, int)
> game | ui::Hud::draw() const
# throw
! std::out_of_range: vector::_M_range_check: __n (which is {int}) >= this->size() (which is {int})
> game | save::Reader::slot(unsigned long)
~ libstdc++.so.6 | std::__throw_out_of_range_fmt(char const*, ...)
~ libstdc++.so.6 | __cxa_throw
"""

DART = r"""
# bloc-closure
! StateError: Bad state: No element
> package:shop/cart/cart_bloc.dart | CartBloc._onRemove.<anonymous closure>
~ dart:core/list.dart | ListBase.firstWhere
# format
! FormatException: FormatException: Unexpected character (at character {small})\n{word}\n^
> package:shop/api/decode.dart | decodeOrder
~ dart:convert/json.dart | _ChunkedJsonParser.fail
# obfuscated-io
! SocketException: SocketException: Failed host lookup: '{host}' (OS Error: No address associated with hostname, errno = 7)
> package:shop/api/ping.dart | Ping.once
~ dart:io/socket_patch.dart | _NativeSocket.lookup
"""

LOGS = r"""
# percent @pct %params
! -: Worker {word} stopped after {int} jobs: {words}
# brace
! -: Tenant {slug}: import of {file} finished with {small} warnings
# cf-ray
! -: upstream {url} answered {small} in {float}s (ray {hex})
# sql-slow
! -: Slow query ({float} ms): SELECT * FROM orders WHERE id = {int} AND name = '{first}'
# key-json
! -: payment webhook ignored: {json}
# enum-a @enum
! -: Payment provider returned state=pending for order {int}
# enum-b @enum
! -: Payment provider timed out for order {int}
# at-path
! -: Checksum mismatch in {path}: {hex} != {hex}
# win-path
! -: Could not open {win}
# seconds
! -: lock {word}:{int} held for {float}s by {host}
"""

MORE = {
    "web2": ("web", WEB), "node2": ("node", NODE), "java2": ("java", JAVA),
    "android2": ("android", ANDROID), "ruby2": ("ruby", RUBY), "php2": ("php", PHP),
    "go2": ("go", GO), "dotnet2": ("dotnet", DOTNET), "cocoa2": ("cocoa", COCOA),
    "native2": ("native", NATIVE), "dart2": ("dart", DART), "logs2": ("python", LOGS),
}  # fmt: skip
