// The script of a page with the browser SDK; esbuild makes one file of both.
import * as Sentry from "@sentry/browser";

Sentry.init({
  dsn: window.SENTRY_DSN,
  release: "front@5.0.1",
  environment: "production",
  sendDefaultPii: true,
});
Sentry.setUser({ id: "77", username: "radia" });
Sentry.setTag("theme", "dark");

class BasketError extends Error {
  name = "BasketError";
}

function totalOf(basket) {
  if (!basket.lines) throw new BasketError("a basket without lines");
  return basket.lines.length;
}

document.getElementById("pay").addEventListener("click", function pay() {
  console.warn("paying soon");
  totalOf({ owner: "radia" });
});
document.getElementById("load").addEventListener("click", function load() {
  Promise.reject(new TypeError("stock could not be loaded"));
});
window.sent = () => Sentry.flush(5000);
