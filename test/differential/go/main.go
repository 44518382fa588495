// The Go side of the differential run: reads a task a line, performs its calls with net/http, and prints how each
// ended. The first line it prints is the version of Go.
package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"
)

type options struct {
	Cookies        bool  `json:"cookies"`
	Manual         bool  `json:"manual"`
	MaxRedirects   *int  `json:"maxRedirects"`
	Timeout        int   `json:"timeout"`
	HeadersTimeout int   `json:"headersTimeout"`
	KeepAlive      *bool `json:"keepAlive"`
	Decompress     *bool `json:"decompress"`
	MaxConnections int   `json:"maxConnections"`
	MaxIdle        int   `json:"maxIdle"`
	ExpectContinue int   `json:"expectContinue"`
}

type call struct {
	Method    string      `json:"method"`
	URL       string      `json:"url"`
	Headers   [][2]string `json:"headers"`
	Body      *string     `json:"body"`
	BodyBytes int         `json:"bodyBytes"`
	As        string      `json:"as"`
	Declared  *int64      `json:"declared"`
	Trailers  [][2]string `json:"trailers"`
	Read      string      `json:"read"`
}

type step struct {
	Pause int    `json:"pause"`
	Calls []call `json:"calls"`
}

type task struct {
	Options options `json:"options"`
	Secure  bool    `json:"secure"`
	Steps   []step  `json:"steps"`
}

type outcome struct {
	Error    string            `json:"error,omitempty"`
	Timeout  *bool             `json:"timeout,omitempty"`
	Status   int               `json:"status,omitempty"`
	URL      string            `json:"url,omitempty"`
	Headers  map[string]string `json:"headers,omitempty"`
	Body     *string           `json:"body,omitempty"`
	Trailers map[string]string `json:"trailers,omitempty"`
}

// latin1 is one character a byte, as the other side has it.
func latin1(bytes []byte) string {
	runes := make([]rune, len(bytes))
	for i, b := range bytes {
		runes[i] = rune(b)
	}
	return string(runes)
}

func toBytes(text string) string {
	var bytes strings.Builder
	for _, r := range text {
		bytes.WriteByte(byte(r))
	}
	return bytes.String()
}

func fields(header http.Header) map[string]string {
	found := map[string]string{}
	for name, values := range header {
		found[strings.ToLower(name)] = latin1([]byte(strings.Join(values, ", ")))
	}
	return found
}

// unsized hides everything but Read, so that neither a length nor a copy of the body is known.
type unsized struct{ io.Reader }

func request(c call, o options) (*http.Request, error) {
	method := c.Method
	if method == "" {
		method = "GET"
	}
	var body io.Reader
	var length int64
	if c.Body != nil || c.BodyBytes > 0 {
		text := strings.Repeat("u", c.BodyBytes)
		if c.Body != nil {
			text = toBytes(*c.Body)
		}
		length = int64(len(text))
		body = strings.NewReader(text)
		if c.As == "stream" || c.As == "sized" {
			body = unsized{body}
		}
	}
	r, err := http.NewRequest(method, c.URL, body)
	if err != nil {
		return nil, err
	}
	if c.As == "sized" {
		r.ContentLength = length
		if c.Declared != nil {
			r.ContentLength = *c.Declared
		}
	}
	for _, field := range c.Headers {
		if strings.EqualFold(field[0], "host") {
			r.Host = field[1]
		} else if strings.EqualFold(field[0], "connection") && strings.EqualFold(field[1], "close") {
			r.Close = true
		} else {
			r.Header.Add(field[0], toBytes(field[1]))
		}
	}
	if len(c.Trailers) > 0 {
		r.Trailer = http.Header{}
		for _, field := range c.Trailers {
			r.Trailer.Add(field[0], field[1])
		}
	}
	return r, nil
}

func timedOut(err error) *bool {
	var timeout net.Error
	answer := errors.As(err, &timeout) && timeout.Timeout()
	return &answer
}

func short(body []byte) *string {
	text := latin1(body)
	if len(body) > 2000 {
		text = fmt.Sprintf("%d bytes", len(body))
	}
	return &text
}

func perform(client *http.Client, c call, o options) outcome {
	r, err := request(c, o)
	if err != nil {
		return outcome{Error: "head", Timeout: timedOut(err)}
	}
	response, err := client.Do(r)
	if err != nil {
		return outcome{Error: "head", Timeout: timedOut(err)}
	}
	result := outcome{Status: response.StatusCode, URL: response.Request.URL.String(), Headers: fields(response.Header)}
	if c.Read == "nothing" {
		return result
	}
	defer response.Body.Close()
	if c.Read == "close" {
		return result
	}
	body, err := io.ReadAll(response.Body)
	result.Body = short(body)
	if err != nil {
		result.Error = "body"
		result.Timeout = timedOut(err)
		return result
	}
	if len(response.Trailer) > 0 {
		result.Trailers = fields(response.Trailer)
	}
	return result
}

func run(t task) []outcome {
	o := t.Options
	transport := &http.Transport{
		DisableKeepAlives:     o.KeepAlive != nil && !*o.KeepAlive,
		DisableCompression:    o.Decompress != nil && !*o.Decompress,
		MaxConnsPerHost:       o.MaxConnections,
		MaxIdleConnsPerHost:   100,
		ResponseHeaderTimeout: time.Duration(o.HeadersTimeout) * time.Millisecond,
		ExpectContinueTimeout: time.Duration(o.ExpectContinue) * time.Millisecond,
	}
	if o.MaxIdle > 0 {
		transport.MaxIdleConnsPerHost = o.MaxIdle
	}
	if t.Secure {
		transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
		transport.ForceAttemptHTTP2 = true
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: time.Duration(o.Timeout) * time.Millisecond}
	if o.Cookies {
		client.Jar, _ = cookiejar.New(nil)
	}
	client.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if o.Manual {
			return http.ErrUseLastResponse
		}
		most := 20
		if o.MaxRedirects != nil {
			most = *o.MaxRedirects
		}
		if len(via) > most {
			return errors.New("too many redirects")
		}
		return nil
	}
	outcomes := []outcome{}
	for _, s := range t.Steps {
		if s.Pause > 0 {
			time.Sleep(time.Duration(s.Pause) * time.Millisecond)
			continue
		}
		results := make([]outcome, len(s.Calls))
		var all sync.WaitGroup
		for i := range s.Calls {
			all.Add(1)
			go func(i int) {
				defer all.Done()
				results[i] = perform(client, s.Calls[i], o)
			}(i)
		}
		all.Wait()
		outcomes = append(outcomes, results...)
	}
	return outcomes
}

func main() {
	fmt.Println(runtime.Version())
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var t task
		if err := json.Unmarshal(line, &t); err != nil {
			panic(err)
		}
		result, err := json.Marshal(run(t))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(result))
	}
}
