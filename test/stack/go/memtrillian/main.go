// Command memtrillian is a Trillian log server and signer in one process, with its trees in memory.
//
// Rekor v1 and the CT log each keep their entries in such a tree. The command makes one for each of
// them, prints "trees <id> <id>" when both can be used, and serves until it is killed. Nothing is
// kept: a new process has new, empty trees. All of it is Trillian's own code, put together as its
// two commands do, less database, quotas, metrics and elections; unique.go adds what the memory lacks.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/extension"
	trillianlog "github.com/google/trillian/log"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/server"
	"github.com/google/trillian/server/admin"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/util/clock"
	"github.com/google/trillian/util/election2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	address := flag.String("address", "127.0.0.1:8090", "host and port")
	flag.Parse()

	registry := newRegistry()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	go serve(listener, registry)
	go sequence(registry)

	connection, err := grpc.NewClient(*address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("trees", newTree(connection), newTree(connection))
	select {}
}

func newRegistry() extension.Registry {
	trees := memory.NewTreeStorage()
	metrics := monitoring.InertMetricFactory{}
	return extension.Registry{
		AdminStorage:    memory.NewAdminStorage(trees),
		LogStorage:      newUniqueLeaves(memory.NewLogStorage(trees, metrics)),
		ElectionFactory: election2.NoopFactory{},
		QuotaManager:    quota.Noop(),
		MetricFactory:   metrics,
	}
}

func serve(listener net.Listener, registry extension.Registry) {
	endpoint := grpc.NewServer()
	trillian.RegisterTrillianLogServer(endpoint, server.NewTrillianLogRPCServer(registry, clock.System))
	trillian.RegisterTrillianAdminServer(endpoint, admin.New(registry, []trillian.TreeType{trillian.TreeType_LOG}))
	log.Fatal(endpoint.Serve(listener))
}

// sequence moves queued entries into the trees; an entry waits for at most one interval.
func sequence(registry extension.Registry) {
	trillianlog.NewOperationManager(trillianlog.OperationInfo{
		Registry:    registry,
		BatchSize:   1000,
		NumWorkers:  4,
		RunInterval: 50 * time.Millisecond,
		TimeSource:  clock.System,
	}, trillianlog.NewSequencerManager(registry, 0)).OperationLoop(context.Background())
}

func newTree(connection *grpc.ClientConn) int64 {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	tree, err := trillian.NewTrillianAdminClient(connection).CreateTree(ctx, &trillian.CreateTreeRequest{
		Tree: &trillian.Tree{
			TreeState:       trillian.TreeState_ACTIVE,
			TreeType:        trillian.TreeType_LOG,
			MaxRootDuration: durationpb.New(time.Hour),
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	_, err = trillian.NewTrillianLogClient(connection).InitLog(ctx, &trillian.InitLogRequest{LogId: tree.TreeId})
	if err != nil {
		log.Fatal(err)
	}
	return tree.TreeId
}
