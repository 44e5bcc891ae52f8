// A shop in Node with @sentry/node: one warning, one error with a cause, one crash.
const Sentry = require("@sentry/node");

Sentry.init({
  dsn: process.env.SENTRY_DSN,
  release: "shop@1.4.0",
  environment: "production",
  serverName: "web-1",
  includeLocalVariables: true,
});
Sentry.setUser({ id: "7", email: "alice@example.com" });
Sentry.setTag("tenant", "north");
Sentry.setExtra("cart", { api_key: "k-123" });

function take(article) {
  const password = "hunter2";
  try {
    return JSON.parse(article + password.length);
  } catch (problem) {
    throw new Error(`no ${article} left`, { cause: problem });
  }
}

async function main() {
  Sentry.addBreadcrumb({ category: "cart", message: "added shoes", level: "info" });
  Sentry.captureMessage("stock is low", "warning");
  try {
    take("shoes");
  } catch (problem) {
    Sentry.captureException(problem);
  }
  await Sentry.flush(5000);
  setTimeout(() => take("boots"), 10);
}

main();
