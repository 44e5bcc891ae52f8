# A shop in Ruby with sentry-ruby: one warning, one error with a cause, one uncaught crash.
require "sentry-ruby"

Sentry.init do |config|
  config.dsn = ENV.fetch("SENTRY_DSN")
  config.release = "shop@1.4.0"
  config.environment = "production"
  config.server_name = "web-1"
  config.background_worker_threads = 0
end

Sentry.configure_scope do |scope|
  scope.set_user(id: "7", email: "alice@example.com", ip_address: "203.0.113.7")
  scope.set_tags(tenant: "north")
  scope.set_extras(cart: { "api_key" => "k-123" })
end

class OutOfStock < StandardError; end

def take(article)
  password = "hunter2"
  Integer(article)
rescue ArgumentError
  raise OutOfStock, "no #{article} left"
end

Sentry.add_breadcrumb(Sentry::Breadcrumb.new(category: "cart", message: "added shoes"))
Sentry.capture_message("stock is low", level: :warning)
begin
  take("shoes")
rescue OutOfStock => e
  Sentry.capture_exception(e)
end
