// A shop in Go with rollbar-go: one warning, one wrapped error, one recovered panic.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rollbar/rollbar-go"
)

var errLocked = errors.New("the warehouse is locked")

func take(article string) error {
	return fmt.Errorf("taking %s: %w", article, errLocked)
}

func index(prices []int, at int) int {
	return prices[at]
}

func main() {
	rollbar.SetToken("0123456789abcdef0123456789abcdef")
	rollbar.SetEndpoint(os.Getenv("ROLLBAR_ENDPOINT"))
	rollbar.SetEnvironment("production")
	rollbar.SetCodeVersion("1.4.0")
	rollbar.SetServerHost("web-1")
	rollbar.SetServerRoot("/srv/shop")
	ctx := rollbar.NewPersonContext(context.Background(), &rollbar.Person{Id: "7", Username: "alice", Email: "alice@example.com"})
	rollbar.SetPerson("7", "alice", "alice@example.com")
	_ = ctx
	rollbar.MessageWithExtras("warning", "stock is low", map[string]interface{}{"api_key": "k-123"})
	rollbar.Error(take("shoes"), map[string]interface{}{"api_key": "k-123"})
	rollbar.Wait()
	rollbar.WrapAndWait(func() { fmt.Println(index([]int{12, 7}, 5)) })
	rollbar.Close()
}
