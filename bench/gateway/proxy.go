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

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

func main() {
	runtime.GOMAXPROCS(1)
	api, err := url.Parse(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	config := clientcredentials.Config{ClientID: os.Args[4], ClientSecret: os.Args[5], TokenURL: os.Args[3],
		AuthStyle: oauth2.AuthStyleInHeader}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns = 1024
	base.MaxIdleConnsPerHost = 1024
	proxy := httputil.NewSingleHostReverseProxy(api)
	proxy.Transport = &oauth2.Transport{Source: config.TokenSource(context.Background()), Base: base}
	log.Fatal(http.ListenAndServe(os.Args[1], proxy))
}
