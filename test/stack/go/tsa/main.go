// Command tsa serves Sigstore's timestamp authority, out of its own packages, without its metrics port.
//
// The upstream command also opens port 2112 for metrics, on all addresses. The port cannot be chosen
// and a clash ends the process, so two stacks could not run on one machine. Nothing else differs: the
// names and defaults below are the upstream command's. It can go once upstream has a flag for it.
package main

import (
	"log"
	"os"
	"time"

	"github.com/sigstore/timestamp-authority/v2/pkg/server"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

const policy = "1.3.6.1.4.1.57264.2"

func main() {
	// The authority's packages fill the default set with flags of their own.
	flags := pflag.NewFlagSet("tsa", pflag.ExitOnError)
	flags.Int("port", 3004, "port on 127.0.0.1")
	flags.String("file-signer-key-path", "", "private key, PEM")
	flags.String("certificate-chain-path", "", "certificates, PEM, leaf first")
	flags.String("timestamp-signer-hash", "sha256", "hash that the signer uses")
	flags.Bool("include-chain-in-response", false, "embed the whole chain, not the leaf alone, when certReq is set")
	flags.Bool("use-http-201", false, "answer 201, as releases before 2.0 did")
	if err := flags.Parse(os.Args[1:]); err != nil {
		log.Fatal(err)
	}

	// The authority's packages read their configuration from viper.
	viper.SetDefault("timestamp-signer", "file")
	viper.SetDefault("enforce-intermediate-eku", true)
	viper.SetDefault("max-request-body-size", 1<<20)
	viper.SetDefault("default-policy-oid", policy)
	viper.SetDefault("accepted-policy-oids", []string{policy})
	if err := viper.BindPFlags(flags); err != nil {
		log.Fatal(err)
	}

	timeout := 10 * time.Second
	authority := server.NewRestAPIServer("127.0.0.1", viper.GetInt("port"), []string{"http"}, false, timeout, timeout)
	authority.CleanupTimeout = time.Second
	log.Fatal(authority.Serve())
}
