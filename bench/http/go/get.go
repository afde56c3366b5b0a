// GETs with Go's http.Client and oauth2.Transport, on one processor: URL CONNECTIONS SECONDS [CA_FILE]
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/oauth2"
)

const sampleToken = "access-0001-vF9dft4qmTc2Nvb3RlckBhcHBzLmV4YW1wbGUuY29t"

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func usage() (processor float64, peakKiB int64) {
	var u syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime), u.Maxrss
}

// Counts from the moment that each connection has had an answer.
type meter struct {
	sync.Mutex
	connections, warm int
	done, failed      int64
	time              time.Duration
	begin, last       time.Time
	processor         float64
	over              bool
}

func (m *meter) goesOn() bool {
	m.Lock()
	defer m.Unlock()
	return !m.over
}

func (m *meter) count(first, good bool) {
	m.Lock()
	defer m.Unlock()
	if m.over {
		return
	}
	if !good {
		m.failed++
	}
	if m.warm < m.connections {
		if first {
			m.warm++
		}
		if m.warm == m.connections {
			m.begin = time.Now()
			m.processor, _ = usage()
		}
		return
	}
	m.done++
	m.last = time.Now()
	if m.last.Sub(m.begin) >= m.time {
		m.over = true
		now, _ := usage()
		m.processor = now - m.processor
	}
}

func get(client *http.Client, url string) bool {
	answer, err := client.Get(url)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	_, err = io.ReadAll(answer.Body)
	return err == nil && answer.StatusCode == http.StatusOK
}

func main() {
	runtime.GOMAXPROCS(1)
	url := os.Args[1]
	connections, err := strconv.Atoi(os.Args[2])
	must(err)
	seconds, err := strconv.Atoi(os.Args[3])
	must(err)
	transport := &http.Transport{
		MaxIdleConns:        connections,
		MaxIdleConnsPerHost: connections,
		MaxConnsPerHost:     connections,
		DisableCompression:  true, // the others do not ask for it
	}
	if len(os.Args) > 4 {
		pem, err := os.ReadFile(os.Args[4])
		must(err)
		roots := x509.NewCertPool()
		roots.AppendCertsFromPEM(pem)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	source := oauth2.StaticTokenSource(&oauth2.Token{AccessToken: sampleToken, TokenType: "Bearer"})
	client := &http.Client{Transport: &oauth2.Transport{Source: source, Base: transport}}

	m := &meter{connections: connections, time: time.Duration(seconds) * time.Second}
	var callers sync.WaitGroup
	callers.Add(connections)
	for i := 0; i < connections; i++ {
		go func() {
			defer callers.Done()
			for first := true; m.goesOn(); first = false {
				m.count(first, get(client, url))
			}
		}()
	}
	callers.Wait()
	took := m.last.Sub(m.begin).Seconds()
	_, peak := usage()
	fmt.Printf("{\"requests_per_second\": %.1f, \"requests\": %d, \"failures\": %d, \"seconds\": %.6f, "+
		"\"processor_seconds\": %.6f, \"peak_kib\": %d}\n", float64(m.done)/took, m.done, m.failed, took, m.processor, peak)
}
