// The HTTP/2 server of the measurements: the answers of lib/server.mjs by Go's net/http, over TLS and in clear text.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

type serverTask struct {
	Certificate, Key, Small, Page string
	PageHead                      [][2]string
	LargeBytes                    int64
}

var connections atomic.Int64

// serve prints the two ports as a line of JSON, answers until its input ends, and answers each line of it with a count of
// connections.
func serve(argument string) {
	var given serverTask
	must(json.Unmarshal([]byte(argument), &given))
	mux := http.NewServeMux()
	small := []byte(given.Small)
	answer := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		must2(w.Write(small))
	}
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { answer(w) })
	read := func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			answer(w)
		}
	}
	mux.HandleFunc("/post", read)
	mux.HandleFunc("/upload", read)
	page := []byte(given.Page)
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		for _, field := range given.PageHead {
			w.Header().Set(field[0], field[1])
		}
		must2(w.Write(page))
	})
	mux.HandleFunc("/download", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", fmt.Sprint(given.LargeBytes))
		for left := given.LargeBytes; left > 0; left -= int64(len(chunk)) {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	server := &http.Server{Handler: mux, HTTP2: &http.HTTP2Config{MaxConcurrentStreams: 1000}, Protocols: new(http.Protocols)}
	server.Protocols.SetHTTP1(true)
	server.Protocols.SetHTTP2(true)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	secure, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go func() { must(server.Serve(plain)) }()
	go func() { must(server.ServeTLS(secure, given.Certificate, given.Key)) }()
	port := func(listener net.Listener) int { return listener.Addr().(*net.TCPAddr).Port }
	fmt.Printf("{\"http\":%d,\"https\":%d}\n", port(plain), port(secure))
	command := make([]byte, 256)
	for {
		n, err := os.Stdin.Read(command)
		if err != nil {
			return
		}
		for range strings.Count(string(command[:n]), "\n") {
			fmt.Printf("{\"connections\":%d}\n", connections.Swap(0))
		}
		time.Sleep(time.Millisecond)
	}
}

func must2(_ int, err error) { _ = err }
