// A shop in Go with sentry-go: one warning, one wrapped error, one crash that is a panic.
package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

// OutOfStock says which article is missing.
type OutOfStock struct{ Article string }

func (e *OutOfStock) Error() string { return "no " + e.Article + " left" }

var errLocked = errors.New("the warehouse is locked")

func take(article string) error {
	if article == "shoes" {
		return fmt.Errorf("taking %s: %w", article, errLocked)
	}
	return &OutOfStock{Article: article}
}

func checkout(article string) error {
	if err := take(article); err != nil {
		return fmt.Errorf("checkout failed: %w", err)
	}
	return nil
}

func index(prices []int, at int) int {
	return prices[at]
}

func nightly() {
	// What sentry-go asks of a program that wants its crashes told: recover, send, crash on.
	defer func() {
		if crash := recover(); crash != nil {
			sentry.CurrentHub().Recover(crash)
			sentry.Flush(5 * time.Second)
			panic(crash)
		}
	}()
	fmt.Println(index([]int{12, 7}, 5))
}

func main() {
	err := sentry.Init(sentry.ClientOptions{
		Dsn:              os.Getenv("SENTRY_DSN"),
		Release:          "shop@1.4.0",
		Environment:      "production",
		ServerName:       "web-1",
		AttachStacktrace: true,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	sentry.ConfigureScope(func(scope *sentry.Scope) {
		scope.SetUser(sentry.User{ID: "7", Email: "alice@example.com", IPAddress: "203.0.113.7"})
		scope.SetTag("tenant", "north")
		scope.SetContext("cart", sentry.Context{"size": 2, "api_key": "k-123"})
	})
	sentry.AddBreadcrumb(&sentry.Breadcrumb{Category: "cart", Message: "added shoes", Level: sentry.LevelInfo})
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.SetLevel(sentry.LevelWarning)
		sentry.CaptureMessage("stock is low")
	})
	if err := checkout("shoes"); err != nil {
		sentry.CaptureException(err)
	}
	sentry.Flush(5 * time.Second)
	nightly()
}
