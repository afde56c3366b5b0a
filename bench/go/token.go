// The same measurements of Go's golang.org/x/oauth2, for comparison. Prints numbers only.
//
//	token get N        ns for each Token() of one goroutine
//	token get2 N       the same while another goroutine does it too
//	token waiters N    ns and bytes for each of N goroutines that wait for one token
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"
)

// A token endpoint that answers when it is told to.
type endpoint struct {
	release  chan struct{}
	released time.Time
	requests int64
}

func (e *endpoint) Token() (*oauth2.Token, error) {
	atomic.AddInt64(&e.requests, 1)
	if e.release != nil {
		<-e.release
		e.released = time.Now()
	}
	return &oauth2.Token{AccessToken: "access", TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func loop(source oauth2.TokenSource, n int) float64 {
	start := time.Now()
	for i := 0; i < n; i++ {
		_, err := source.Token()
		must(err)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

func contended(source oauth2.TokenSource, n int) float64 {
	var ready, done sync.WaitGroup
	var each [2]float64
	ready.Add(2)
	done.Add(2)
	for i := range each {
		go func(i int) {
			defer done.Done()
			ready.Done()
			ready.Wait()
			each[i] = loop(source, n)
		}(i)
	}
	done.Wait()
	return (each[0] + each[1]) / 2
}

// What the process got from the system for heap and stacks.
func memory() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func waiters(n int) {
	e := &endpoint{release: make(chan struct{})}
	source := oauth2.ReuseTokenSource(nil, e)
	before := memory()
	var started int64
	var done sync.WaitGroup
	done.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			atomic.AddInt64(&started, 1)
			_, err := source.Token()
			must(err)
			done.Done()
		}()
	}
	for atomic.LoadInt64(&started) < int64(n) {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond) // the last ones are about to block
	held := memory() - before
	e.release <- struct{}{}
	done.Wait()
	took := time.Since(e.released)
	if e.requests != 1 {
		panic("more than one request")
	}
	fmt.Println(float64(took.Nanoseconds())/float64(n), float64(held)/float64(n))
}

func main() {
	n, err := strconv.Atoi(os.Args[2])
	must(err)
	source := oauth2.ReuseTokenSource(nil, &endpoint{})
	_, err = source.Token()
	must(err)
	switch os.Args[1] {
	case "get":
		fmt.Println(loop(source, n))
	case "get2":
		fmt.Println(contended(source, n))
	case "waiters":
		waiters(n)
	}
}
