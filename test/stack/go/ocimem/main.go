// Command ocimem is an image registry in memory that has the referrers API.
package main

import (
	"flag"
	"log"
	"net/http"

	"cuelabs.dev/go/oci/ociregistry/ocimem"
	"cuelabs.dev/go/oci/ociregistry/ociserver"
)

func main() {
	address := flag.String("address", "127.0.0.1:5003", "host and port")
	flag.Parse()
	log.Fatal(http.ListenAndServe(*address, ociserver.New(ocimem.New(), nil)))
}
