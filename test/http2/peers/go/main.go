// A server of Go's net/http for the peers: `server ADDRESS ROOT CERT KEY`.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"os"
)

func main() {
	address, root, cert, key := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	mux := http.NewServeMux()
	mux.HandleFunc("/backend/digest", func(w http.ResponseWriter, r *http.Request) {
		hash := sha256.New()
		n, _ := io.Copy(hash, r.Body)
		_ = json.NewEncoder(w).Encode(map[string]any{"bytes": n, "sha256": hex.EncodeToString(hash.Sum(nil))})
	})
	mux.HandleFunc("/backend/count", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = os.Stdout.WriteString(r.URL.Query().Get("id") + "\n")
		_, _ = io.WriteString(w, "counted")
	})
	mux.HandleFunc("/backend/trailers", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "with trailers")
		w.Header().Set("X-Sum", "peers")
	})
	mux.Handle("/", http.FileServer(http.Dir(root)))
	log.Fatal(http.ListenAndServeTLS(address, cert, key, mux))
}
