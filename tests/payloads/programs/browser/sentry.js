// A shop's page with @sentry/browser: one warning, one error with a cause, one uncaught.
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: window.DSN,
  release: "shop@1.4.0",
  environment: "production",
});
Sentry.setUser({ id: "7", email: "alice@example.com" });
Sentry.setTag("tenant", "north");
Sentry.setExtra("cart", { api_key: "k-123" });

function take(article) {
  try {
    return JSON.parse(article);
  } catch (problem) {
    throw new Error(`no ${article} left`, { cause: problem });
  }
}

Sentry.addBreadcrumb({ category: "cart", message: "added shoes", level: "info" });
Sentry.captureMessage("stock is low", "warning");
try {
  take("shoes");
} catch (problem) {
  Sentry.captureException(problem);
}
setTimeout(() => take("boots"), 50);
setTimeout(() => Promise.reject(new Error("payment was refused")), 200);
