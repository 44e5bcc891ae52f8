package shop

import io.sentry.Breadcrumb
import io.sentry.Sentry
import io.sentry.SentryLevel
import io.sentry.protocol.User

/** A shop in Kotlin with sentry-java: one warning, one error with a cause, one crash. */
class OutOfStock(article: String, cause: Throwable) : RuntimeException("no $article left", cause)

data class Order(val article: String, val prices: List<Int>)

object Till {
  fun take(order: Order): Int =
      runCatching { order.article.toInt() }.getOrElse { throw OutOfStock(order.article, it) }

  fun Order.price(at: Int): Int = prices.asSequence().drop(at).map { it * 2 }.first()
}

fun main(args: Array<String>) {
  Sentry.init { options ->
    options.dsn = System.getenv("SENTRY_DSN")
    options.release = "shop@1.4.0"
    options.environment = "production"
    options.serverName = "web-1"
    options.addInAppInclude("shop")
    options.shutdownTimeoutMillis = 10_000
  }
  Sentry.configureScope { scope ->
    scope.user = User().apply { id = "7"; email = "ada@example.com" }
    scope.setTag("till", "3")
  }
  Sentry.addBreadcrumb(Breadcrumb.info("a customer came in"))
  Sentry.captureMessage("stock is low", SentryLevel.WARNING)
  val order = Order("pears", listOf(1, 2))
  try {
    listOf(order).forEach { Till.take(it) }
  } catch (problem: OutOfStock) {
    Sentry.captureException(problem)
  }
  with(Till) { println(order.price(5)) }
}
