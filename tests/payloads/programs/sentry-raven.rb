# A shop in Ruby with sentry-raven, the client before sentry-ruby: one warning, one error.
require "sentry-raven"

Raven.configure do |config|
  config.dsn = ENV.fetch("RAVEN_DSN")
  config.release = "shop@1.4.0"
  config.current_environment = "production"
  config.server_name = "web-1"
  config.silence_ready = true
end
Raven.user_context(id: "7", email: "alice@example.com")
Raven.tags_context(tenant: "north")
Raven.extra_context(cart: { api_key: "k-123" })

class OutOfStock < StandardError; end

def take(article)
  Integer(article)
rescue ArgumentError
  raise OutOfStock, "no #{article} left"
end

Raven.breadcrumbs.record { |crumb| crumb.category = "cart"; crumb.message = "added shoes" }
Raven.capture_message("stock is low", level: "warning")
begin
  take("shoes")
rescue OutOfStock => e
  Raven.capture_exception(e)
end
