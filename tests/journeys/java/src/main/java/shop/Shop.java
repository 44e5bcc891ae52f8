package shop;

import io.sentry.Breadcrumb;
import io.sentry.Sentry;
import io.sentry.SentryLevel;
import io.sentry.protocol.User;
import java.util.List;

/** A shop on the JVM with sentry-java: one warning, one error with a cause, one crash. */
public final class Shop {

  /** Says which article is missing. */
  static final class OutOfStock extends RuntimeException {
    OutOfStock(String article, Throwable cause) {
      super("no " + article + " left", cause);
    }
  }

  static int take(String article) {
    try {
      return Integer.parseInt(article);
    } catch (NumberFormatException problem) {
      throw new OutOfStock(article, problem);
    }
  }

  static int price(List<Integer> prices, int at) {
    return prices.stream().skip(at).findFirst().orElseThrow();
  }

  public static void main(String[] args) {
    Sentry.init(
        options -> {
          options.setDsn(System.getenv("SENTRY_DSN"));
          options.setRelease("shop@1.4.0");
          options.setEnvironment("production");
          options.setServerName("web-1");
          options.addInAppInclude("shop");
          options.setShutdownTimeoutMillis(10_000);
        });
    Sentry.configureScope(
        scope -> {
          User user = new User();
          user.setId("7");
          user.setEmail("alice@example.com");
          user.setIpAddress("203.0.113.7");
          scope.setUser(user);
          scope.setTag("tenant", "north");
          scope.setExtra("api_key", "k-123");
        });
    Breadcrumb crumb = new Breadcrumb("added shoes");
    crumb.setCategory("cart");
    Sentry.addBreadcrumb(crumb);
    Sentry.captureMessage("stock is low", SentryLevel.WARNING);
    try {
      take("shoes");
    } catch (OutOfStock problem) {
      Sentry.captureException(problem);
    }
    price(List.of(12, 7), 5);
  }
}
