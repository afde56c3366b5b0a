// A contestant of bench/losses: golang.org/x/oauth2 with its token in a file, which is replaced as a whole after each
// change. Usage: tokens CALLERS FILE TOKEN_ENDPOINT REFRESH_TOKEN; what it prints is described in test/support/fleet_program.hpp.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
)

// Saves what its source brings.
type kept struct {
	mutex  sync.Mutex
	config oauth2.Config
	source oauth2.TokenSource
	file   string
	last   string
	number int
	input  *bufio.Reader
}

func (k *kept) begin(t *oauth2.Token) {
	k.last = t.RefreshToken
	k.source = k.config.TokenSource(context.Background(), t)
}

func (k *kept) save(t *oauth2.Token) {
	text, _ := json.Marshal(t)
	fresh := k.file + "." + strconv.Itoa(os.Getpid())
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0600)
	if err != nil {
		panic(err)
	}
	f.Write(text)
	f.Sync()
	f.Close()
	os.Rename(fresh, k.file)
}

func (k *kept) token() error {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	t, err := k.source.Token()
	if e, ok := err.(*oauth2.RetrieveError); ok && strings.Contains(string(e.Body), "invalid_grant") {
		fmt.Println("lost grant")
		line, err := k.input.ReadString('\n')
		if err != nil {
			os.Exit(0)
		}
		t = &oauth2.Token{RefreshToken: strings.TrimSpace(line), Expiry: time.Now()}
		k.begin(t)
		k.save(t)
		return nil
	}
	if err == nil && t.RefreshToken != k.last {
		k.last = t.RefreshToken
		k.save(t)
		k.number++
		fmt.Println("generation", k.number)
	}
	return err
}

func main() {
	callers, _ := strconv.Atoi(os.Args[1])
	k := &kept{file: os.Args[2], input: bufio.NewReader(os.Stdin)}
	k.config = oauth2.Config{ClientID: "fleet",
		Endpoint: oauth2.Endpoint{TokenURL: os.Args[3], AuthStyle: oauth2.AuthStyleInParams}}
	t := &oauth2.Token{RefreshToken: os.Args[4], Expiry: time.Now()}
	if text, err := os.ReadFile(k.file); err == nil {
		json.Unmarshal(text, t)
	}
	k.begin(t)
	for i := 0; i < callers; i++ {
		go func() {
			for {
				pause := 10 * time.Millisecond
				if err := k.token(); err != nil {
					fmt.Println("failed", strings.ReplaceAll(err.Error(), "\n", " "))
					pause = 100 * time.Millisecond
				}
				time.Sleep(pause)
			}
		}()
	}
	select {}
}
