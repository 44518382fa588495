// The founding question, asked of Go itself: a new http.Client in every goroutine, are the TCP connections
// closed? Each row is 1,000 POSTs to a server in this process, which counts the connections it accepts; of three
// runs the middle one is shown.
//
//	go run examples/go/founding-question/main.go
//
// Prints one JSON document. Standard library only; Go 1.19 or newer.
//
// With -target it sends to another server instead, which counts the connections:
//
//	trunkline observe --target http://127.0.0.1:8080 -- \
//	  go run examples/go/founding-question/main.go -target {url} -scenario "new transport each" -requests 100
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

var requests = 1000

type row struct {
	Name        string `json:"name"`
	Concurrency int    `json:"concurrency"`
	Requests    int    `json:"requests"`
	Connections *int64 `json:"connections,omitempty"`
}

// What is done with each response's body.
const (
	readAndClose = iota
	closeUnread
	leave
)

// scenario makes, for one run, the function that gives each request its client.
type scenario struct {
	name   string
	body   int
	client func() func() *http.Client
}

func newTransport(idlePerHost int) *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = idlePerHost // 0 means Go's default, 2
	return transport
}

// clientEach gives each request a client of its own over one transport (a fresh one a run, so that no run
// finds the connections of another), as http.Client{} does with http.DefaultTransport.
func clientEach() func() *http.Client {
	transport := newTransport(0)
	return func() *http.Client { return &http.Client{Transport: transport, Timeout: 30 * time.Second} }
}

func oneClient(idlePerHost int) func() func() *http.Client {
	return func() func() *http.Client {
		client := &http.Client{Transport: newTransport(idlePerHost), Timeout: 30 * time.Second}
		return func() *http.Client { return client }
	}
}

func transportEach() func() *http.Client {
	return func() *http.Client { return &http.Client{Transport: newTransport(0), Timeout: 30 * time.Second} }
}

func keepAliveOff() func() *http.Client {
	transport := newTransport(0)
	transport.DisableKeepAlives = true
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	return func() *http.Client { return client }
}

func main() {
	target := flag.String("target", "", "send there instead of to a server of this program's own")
	only := flag.String("scenario", "", "run this one alone")
	atOnce := flag.Int("concurrency", 0, "send so many at once, instead of 1 and then 100")
	flag.IntVar(&requests, "requests", requests, "send so many in each run")
	flag.Parse()
	scenarios := []scenario{
		{"new client each", readAndClose, clientEach},
		{"one shared client", readAndClose, oneClient(0)},
		{"shared, MaxIdleConnsPerHost=100", readAndClose, oneClient(100)},
		{"closed unread", closeUnread, clientEach},
		{"new transport each", readAndClose, transportEach},
	}
	// Those below run only when they are asked for.
	others := []scenario{
		{"neither read nor closed", leave, clientEach},
		{"keep-alive off", readAndClose, keepAliveOff},
	}
	if *only != "" {
		scenarios = chosen(append(scenarios, others...), *only)
	}
	concurrencies := []int{1, 100}
	if *atOnce > 0 {
		concurrencies = []int{*atOnce}
	}
	rows := []row{}
	for _, s := range scenarios {
		for _, concurrency := range concurrencies {
			connections, err := measure(s, concurrency, *target)
			if err != nil {
				fmt.Fprintf(os.Stderr, "%s, %d at once: %v\n", s.name, concurrency, err)
				os.Exit(1)
			}
			rows = append(rows, row{s.name, concurrency, requests, connections})
		}
	}
	out := json.NewEncoder(os.Stdout)
	if err := out.Encode(map[string]any{"goVersion": strings.TrimPrefix(runtime.Version(), "go"), "rows": rows}); err != nil {
		os.Exit(1)
	}
}

func chosen(scenarios []scenario, name string) []scenario {
	names := []string{}
	for _, s := range scenarios {
		if s.name == name {
			return []scenario{s}
		}
		names = append(names, s.name)
	}
	fmt.Fprintf(os.Stderr, "there is no scenario %q; there are: %s\n", name, strings.Join(names, "; "))
	os.Exit(2)
	return nil
}

// measure runs one scenario. Connections are counted only where the server is this program's own.
func measure(s scenario, concurrency int, target string) (*int64, error) {
	if target != "" {
		return nil, send(s, concurrency, target)
	}
	connections, err := median(s, concurrency)
	return &connections, err
}

// median is what the middle one of three runs came to: with an idle cap below the concurrency, how many connections
// are opened depends on how the scheduler happens to order goroutines.
func median(s scenario, concurrency int) (int64, error) {
	var counts []int64
	for i := 0; i < 3; i++ {
		connections, err := run(s, concurrency)
		if err != nil {
			return 0, err
		}
		counts = append(counts, connections)
	}
	sort.Slice(counts, func(i, j int) bool { return counts[i] < counts[j] })
	return counts[1], nil
}

// run sends the requests to a server of its own and returns how many connections that accepted.
func run(s scenario, concurrency int) (int64, error) {
	var accepted int64
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"ok":true,"data":"forty-six bytes of an answer"}`)
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				atomic.AddInt64(&accepted, 1)
			}
		},
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()

	err = send(s, concurrency, "http://"+listener.Addr().String()+"/")
	return atomic.LoadInt64(&accepted), err
}

// send sends the requests, at most `concurrency` at once, a goroutine each.
func send(s scenario, concurrency int, target string) error {
	clientOf := s.client()
	slots := make(chan struct{}, concurrency)
	failures := make(chan error, requests)
	var group sync.WaitGroup
	for i := 0; i < requests; i++ {
		slots <- struct{}{}
		group.Add(1)
		go func() {
			defer group.Done()
			defer func() { <-slots }()
			if err := post(clientOf(), target, s.body); err != nil {
				failures <- err
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

func post(client *http.Client, target string, body int) error {
	values := url.Values{}
	values.Add("data", "hello")
	response, err := client.PostForm(target, values)
	if err != nil {
		return err
	}
	if body == leave {
		return nil
	}
	defer response.Body.Close()
	if body == closeUnread {
		return nil
	}
	_, err = io.Copy(io.Discard, response.Body)
	// A task that does anything with its answer lets other goroutines run meanwhile, the connection's own among them,
	// which then puts it back; on a machine busy with other things the figures would otherwise vary a lot.
	runtime.Gosched()
	return err
}
