// Go's ReverseProxy with x/oauth2: what a team writes that has no gateway.
// Usage: proxy LISTEN API TOKEN_ENDPOINT CLIENT_ID CLIENT_SECRET
package main

import (
	"context"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// x/oauth2 takes a token for expired ten seconds early, so that one of three seconds would be asked for each time. This is
// its ReuseTokenSource with another margin.
type lastToken struct {
	mutex sync.Mutex
	from  *clientcredentials.Config
	held  *oauth2.Token
}

func (l *lastToken) Token() (*oauth2.Token, error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.held != nil && time.Now().Before(l.held.Expiry.Add(-500*time.Millisecond)) {
		return l.held, nil
	}
	token, err := l.from.Token(context.Background())
	if err == nil {
		l.held = token
	}
	return token, err
}

func main() {
	runtime.GOMAXPROCS(1)
	api, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	config := &clientcredentials.Config{ClientID: os.Args[4], ClientSecret: os.Args[5], TokenURL: os.Args[3],
		AuthStyle: oauth2.AuthStyleInHeader}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns = 1024
	base.MaxIdleConnsPerHost = 1024
	proxy := httputil.NewSingleHostReverseProxy(api)
	proxy.Transport = &oauth2.Transport{Source: &lastToken{from: config}, Base: base}
	log.Fatal(http.ListenAndServe(os.Args[1], proxy))
}
