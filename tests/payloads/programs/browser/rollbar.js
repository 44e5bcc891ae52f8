// A shop's page with rollbar.js: one warning, one error with a cause, one uncaught.
import Rollbar from "rollbar";

const rollbar = new Rollbar({
  accessToken: "0123456789abcdef0123456789abcdef",
  endpoint: window.ENDPOINT,
  captureUncaught: true,
  captureUnhandledRejections: true,
  codeVersion: "1.4.0",
  environment: "production",
  payload: { person: { id: "7", username: "alice", email: "alice@example.com" } },
});

function take(article) {
  try {
    return JSON.parse(article);
  } catch (problem) {
    throw new Error(`no ${article} left`, { cause: problem });
  }
}

rollbar.warning("stock is low", { api_key: "k-123" });
try {
  take("shoes");
} catch (problem) {
  rollbar.error(problem, { api_key: "k-123" });
}
setTimeout(() => take("boots"), 50);
