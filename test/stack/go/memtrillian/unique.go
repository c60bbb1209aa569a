package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/trillian"
	"github.com/google/trillian/storage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// uniqueLeaves refuses a leaf that its tree already has, as Trillian's databases do and its memory does
// not. Without it, Rekor would take the same entry twice, where the public one answers 409.
type uniqueLeaves struct {
	storage.LogStorage
	mutex sync.Mutex
	known map[string]*trillian.LogLeaf
}

func newUniqueLeaves(inner storage.LogStorage) *uniqueLeaves {
	return &uniqueLeaves{LogStorage: inner, known: map[string]*trillian.LogLeaf{}}
}

func (s *uniqueLeaves) QueueLeaves(
	ctx context.Context, tree *trillian.Tree, leaves []*trillian.LogLeaf, now time.Time,
) ([]*trillian.QueuedLogLeaf, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	results := make([]*trillian.QueuedLogLeaf, 0, len(leaves))
	for _, leaf := range leaves {
		result, err := s.queue(ctx, tree, leaf, now)
		if err != nil {
			return nil, err
		}
		results = append(results, result)
	}
	return results, nil
}

func (s *uniqueLeaves) queue(
	ctx context.Context, tree *trillian.Tree, leaf *trillian.LogLeaf, now time.Time,
) (*trillian.QueuedLogLeaf, error) {
	name := fmt.Sprintf("%d %x", tree.TreeId, leaf.LeafIdentityHash)
	if known, found := s.known[name]; found {
		exists := status.New(codes.AlreadyExists, "leaf already exists").Proto()
		return &trillian.QueuedLogLeaf{Leaf: known, Status: exists}, nil
	}
	queued, err := s.LogStorage.QueueLeaves(ctx, tree, []*trillian.LogLeaf{leaf}, now)
	if err != nil {
		return nil, err
	}
	s.known[name] = leaf
	return queued[0], nil
}
