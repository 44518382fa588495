// Go's net/http client under the same tasks as worker.mjs: one JSON argument in, one line of JSON out.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

type task struct {
	Kind, Origin, Operation string
	Concurrency, Times      int
	Warmup, Duration        int // milliseconds
	LargeBytes, LargeChunk  int64
	Post                    string
	PageFields              []string
	PriorKnowledge          bool
}

var (
	given  task
	client *http.Client
)

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2])
		return
	}
	must(json.Unmarshal([]byte(os.Args[1]), &given))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConns = 0
	transport.MaxIdleConnsPerHost = given.Concurrency
	if given.PriorKnowledge {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	client = &http.Client{Transport: transport}
	var figures map[string]any
	switch given.Kind {
	case "closedLoop":
		figures = closedLoop()
	case "transfers":
		figures = transfers()
	case "idleMemory":
		figures = idleMemory()
	default:
		panic("the Go client has no " + given.Kind)
	}
	must(json.NewEncoder(os.Stdout).Encode(figures))
}

func call() {
	switch given.Operation {
	case "text":
		if body, _ := get("/hello"); len(body) != 46 {
			panic("the body was cut short")
		}
	case "json":
		var value struct{ ID int }
		body, _ := get("/hello")
		must(json.Unmarshal(body, &value))
	case "post":
		response, err := client.Post(given.Origin+"/post", "application/json", strings.NewReader(given.Post))
		must(err)
		readAll(response)
	case "page":
		body, header := get("/page")
		for _, field := range given.PageFields {
			if header.Get(field) == "" {
				panic(field + " is missing")
			}
		}
		var value map[string]any
		must(json.Unmarshal(body, &value))
	case "stream":
		response, err := client.Get(given.Origin + "/download")
		must(err)
		copied, err := io.Copy(io.Discard, response.Body)
		must(err)
		must(response.Body.Close())
		if copied != given.LargeBytes {
			panic("the transfer was cut short")
		}
	case "bytes":
		response, err := client.Get(given.Origin + "/download")
		must(err)
		body := bytes.NewBuffer(make([]byte, 0, response.ContentLength+bytes.MinRead))
		_, err = body.ReadFrom(response.Body)
		must(err)
		must(response.Body.Close())
	case "upload":
		// Hidden from NewRequest's type switch, so that it is sent chunked, as the others send it.
		body := struct{ io.Reader }{&letters{left: given.LargeBytes}}
		response, err := client.Post(given.Origin+"/upload", "application/octet-stream", body)
		must(err)
		readAll(response)
	default:
		panic("the Go client has no " + given.Operation)
	}
}

func closedLoop() map[string]any {
	var stopped atomic.Bool
	var count atomic.Int64
	var wait sync.WaitGroup
	latencies := make([][]time.Duration, given.Concurrency)
	for caller := 0; caller < given.Concurrency; caller++ {
		wait.Add(1)
		go func(caller int) {
			defer wait.Done()
			for turn := 0; !stopped.Load(); turn++ {
				begun := time.Now()
				call()
				if turn%8 == 0 {
					latencies[caller] = append(latencies[caller], time.Since(begun))
				}
				count.Add(1)
			}
		}(caller)
	}
	time.Sleep(time.Duration(given.Warmup) * time.Millisecond)
	first, started, user, system := count.Load(), time.Now(), userTime(), systemTime()
	time.Sleep(time.Duration(given.Duration) * time.Millisecond)
	requests := float64(count.Load() - first)
	seconds := time.Since(started).Seconds()
	user, system = userTime()-user, systemTime()-system
	stopped.Store(true)
	wait.Wait()
	var all []time.Duration
	for _, some := range latencies {
		all = append(all, some...)
	}
	sort.Slice(all, func(a, b int) bool { return all[a] < all[b] })
	at := func(share float64) float64 { return float64(all[int(float64(len(all)-1)*share)]) / 1e6 }
	return map[string]any{
		"requests": requests, "seconds": seconds, "rps": requests / seconds,
		"cpuMicrosPerRequest": (user + system) / requests, "userMicrosPerRequest": user / requests,
		"p50": at(0.5), "p99": at(0.99),
	}
}

func transfers() map[string]any {
	call()
	started, cpu := time.Now(), userTime()+systemTime()
	for turn := 0; turn < given.Times; turn++ {
		call()
	}
	cpu = userTime() + systemTime() - cpu
	gigabytes := float64(given.Times) * float64(given.LargeBytes) / 1e9
	return map[string]any{
		"requests": given.Times, "seconds": time.Since(started).Seconds(),
		"gigabytesPerSecond": gigabytes / time.Since(started).Seconds(), "cpuMillisPerGigabyte": cpu / 1000 / gigabytes,
	}
}

func idleMemory() map[string]any {
	get("/hello")
	before := settledMemory()
	var wait sync.WaitGroup
	for caller := 0; caller < given.Concurrency; caller++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			get("/wait")
		}()
	}
	wait.Wait()
	each := (settledMemory() - before) / 1024 / float64(given.Concurrency)
	return map[string]any{"requests": given.Concurrency, "rssKilobytesEach": each}
}

func get(path string) ([]byte, http.Header) {
	response, err := client.Get(given.Origin + path)
	must(err)
	return readAll(response), response.Header
}

func readAll(response *http.Response) []byte {
	body, err := io.ReadAll(response.Body)
	must(err)
	must(response.Body.Close())
	return body
}

type letters struct{ left int64 }

var chunk = bytes.Repeat([]byte("a"), 64*1024)

func (l *letters) Read(into []byte) (int, error) {
	if l.left == 0 {
		return 0, io.EOF
	}
	n := copy(into[:min(int64(len(into)), l.left)], chunk)
	l.left -= int64(n)
	return n, nil
}

func usage() syscall.Rusage {
	var usage syscall.Rusage
	must(syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return usage
}

func userTime() float64   { t := usage().Utime; return float64(t.Sec)*1e6 + float64(t.Usec) }
func systemTime() float64 { t := usage().Stime; return float64(t.Sec)*1e6 + float64(t.Usec) }

// settledMemory is the resident set in bytes after collections, read from /proc where there is one.
func settledMemory() float64 {
	for turn := 0; turn < 3; turn++ {
		runtime.GC()
		debug.FreeOSMemory()
		time.Sleep(100 * time.Millisecond)
	}
	text, err := os.ReadFile("/proc/self/statm")
	must(err)
	var size, resident float64
	_, err = fmt.Sscan(string(text), &size, &resident)
	must(err)
	return resident * float64(os.Getpagesize())
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
