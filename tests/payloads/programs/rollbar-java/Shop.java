package shop;

import com.rollbar.api.payload.data.Level;
import com.rollbar.api.payload.data.Person;
import com.rollbar.api.payload.data.Server;
import com.rollbar.notifier.Rollbar;
import com.rollbar.notifier.config.ConfigBuilder;
import java.util.Map;

/** A shop on the JVM with rollbar-java: one warning, one error with a cause, one crash. */
public final class Shop {

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

  public static void main(String[] args) throws Exception {
    Rollbar rollbar =
        Rollbar.init(
            ConfigBuilder.withAccessToken("0123456789abcdef0123456789abcdef")
                .endpoint(System.getenv("ROLLBAR_ENDPOINT"))
                .environment("production")
                .codeVersion("1.4.0")
                .server(() -> new Server.Builder().host("web-1").build())
                .person(
                    () ->
                        new Person.Builder()
                            .id("7")
                            .username("alice")
                            .email("alice@example.com")
                            .build())
                .build());
    rollbar.warning("stock is low", Map.of("api_key", "k-123"));
    try {
      take("shoes");
    } catch (OutOfStock problem) {
      rollbar.error(problem, Map.of("api_key", "k-123"));
    }
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, problem) -> rollbar.log(problem, null, null, Level.CRITICAL, true));
    Thread crash = new Thread(() -> take("boots"), "nightly");
    crash.start();
    crash.join();
    rollbar.close(true);
  }
}
