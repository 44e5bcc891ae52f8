//! A shop in Rust with the crate `sentry`: one warning, one error with a cause, one panic.
use std::fmt;

#[derive(Debug)]
struct OutOfStock(std::num::ParseIntError);

impl fmt::Display for OutOfStock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no shoes left")
    }
}

impl std::error::Error for OutOfStock {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

fn take(article: &str) -> Result<u32, OutOfStock> {
    article.parse().map_err(OutOfStock)
}

#[inline(never)]
fn price(prices: &[u32], at: usize) -> u32 {
    prices[at]
}

fn main() {
    let mut options = sentry::ClientOptions::default();
    options.release = Some("shop@1.4.0".into());
    options.environment = Some("production".into());
    options.server_name = Some("web-1".into());
    options.attach_stacktrace = true;
    let _guard = sentry::init((std::env::var("SENTRY_DSN").unwrap(), options));
    sentry::configure_scope(|scope| {
        let mut user = sentry::User::default();
        user.id = Some("7".into());
        user.email = Some("alice@example.com".into());
        scope.set_user(Some(user));
        scope.set_tag("tenant", "north");
        scope.set_extra("api_key", "k-123".into());
    });
    let mut crumb = sentry::Breadcrumb::default();
    crumb.category = Some("cart".into());
    crumb.message = Some("added shoes".into());
    sentry::add_breadcrumb(crumb);
    sentry::capture_message("stock is low", sentry::Level::Warning);
    if let Err(problem) = take("shoes") {
        sentry::capture_error(&problem);
    }
    price(&[12, 7], std::env::args().count() + 4);
}
