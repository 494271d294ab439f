// The programs of benches/programs on goroutines: each is repeated, the first lap warms up, and the median of the
// others is printed, in nanoseconds per operation.
package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

type lap struct {
	time       time.Duration
	operations int
}

func measure(name string, program func() lap) {
	var figures []float64
	for turn := 0; turn < 8; turn++ {
		lap := program()
		if turn > 0 {
			figures = append(figures, float64(lap.time.Nanoseconds())/float64(lap.operations))
		}
	}
	sort.Float64s(figures)
	fmt.Printf("%s: %.1f\n", name, figures[len(figures)/2])
}

// One of the threads counts its turns, as in switch.rs.
func yields(threads, rounds int) lap {
	var phase atomic.Int32
	var total atomic.Int64
	var start, done sync.WaitGroup
	var elapsed time.Duration
	start.Add(threads)
	done.Add(threads)
	for number := 0; number < threads; number++ {
		go func(leads bool) {
			defer done.Done()
			start.Done()
			start.Wait()
			taken, uncounted, seen := 0, 0, int32(0)
			var begun time.Time
			for {
				if leads && taken == rounds/4+1 {
					begun = time.Now()
					phase.Store(1)
				}
				if leads && taken == rounds/4+1+rounds {
					elapsed = time.Since(begun)
					phase.Store(2)
				}
				now := phase.Load()
				if now != seen {
					if seen == 0 {
						uncounted = taken
					}
					seen = now
					if now == 2 {
						break
					}
				}
				taken++
				runtime.Gosched()
			}
			total.Add(int64(taken - uncounted))
		}(number == 0)
	}
	done.Wait()
	return lap{elapsed, int(total.Load())}
}

// A thread's handle is a channel, on which it sends its result.
func spawnJoin(alive, total int) lap {
	handles := make([]chan uint64, 0, alive)
	start := time.Now()
	sum := uint64(0)
	for turn := 0; turn < total/alive; turn++ {
		handles = handles[:0]
		for thread := 0; thread < alive; thread++ {
			handle := make(chan uint64, 1)
			number := uint64(turn*alive + thread)
			go func() { handle <- number + 1 }()
			handles = append(handles, handle)
		}
		for _, handle := range handles {
			sum += <-handle
		}
	}
	if sum == 0 {
		panic("no thread has run")
	}
	return lap{time.Since(start), total / alive * alive}
}

func pingPong(trips int, pinned bool) lap {
	toPong, toPing := make(chan uint64, 1), make(chan uint64, 1)
	result := make(chan time.Duration)
	go func() {
		if pinned {
			runtime.LockOSThread()
		}
		for number := range toPong {
			toPing <- number + 1
		}
	}()
	go func() {
		if pinned {
			runtime.LockOSThread()
		}
		start := time.Now()
		number := uint64(0)
		for trip := 0; trip < trips; trip++ {
			toPong <- number
			number = <-toPing
		}
		result <- time.Since(start)
		close(toPong)
	}()
	return lap{<-result, trips}
}

// Go has no channel without a bound: this one has room for all.
func channel(producers, each, room int) lap {
	numbers := make(chan uint64, room)
	start := time.Now()
	var all sync.WaitGroup
	all.Add(producers)
	for producer := 0; producer < producers; producer++ {
		go func() {
			defer all.Done()
			for number := 0; number < each; number++ {
				numbers <- uint64(number)
			}
		}()
	}
	go func() { all.Wait(); close(numbers) }()
	sum := uint64(0)
	for number := range numbers {
		sum += number
	}
	return lap{time.Since(start), producers * each}
}

func mutex(threads, each int) lap {
	var lock sync.Mutex
	var all sync.WaitGroup
	number := 0
	all.Add(threads)
	start := time.Now()
	for thread := 0; thread < threads; thread++ {
		go func() {
			defer all.Done()
			for turn := 0; turn < each; turn++ {
				lock.Lock()
				number++
				lock.Unlock()
			}
		}()
	}
	all.Wait()
	return lap{time.Since(start), number}
}

func condvar(trips int) lap {
	var lock sync.Mutex
	condition := sync.NewCond(&lock)
	turn := 0
	var all sync.WaitGroup
	all.Add(2)
	start := time.Now()
	for player := 0; player < 2; player++ {
		go func() {
			defer all.Done()
			for trip := 0; trip < trips; trip++ {
				lock.Lock()
				for turn%2 != player {
					condition.Wait()
				}
				turn++
				condition.Signal()
				lock.Unlock()
			}
		}()
	}
	all.Wait()
	return lap{time.Since(start), trips}
}

var sink atomic.Uint64

func uneven(unit uint64) lap {
	var all sync.WaitGroup
	all.Add(64)
	start := time.Now()
	for number := 0; number < 64; number++ {
		steps := unit
		if number%8 == 0 {
			steps *= 40
		}
		go func() {
			defer all.Done()
			value := uint64(1)
			for step := uint64(0); step < steps; step++ {
				value = (value<<5 | value>>59) ^ step
				value *= 0x9e3779b97f4a7c15
			}
			sink.Store(value)
		}()
	}
	all.Wait()
	return lap{time.Since(start), 64}
}

func main() {
	runtime.GOMAXPROCS(2)
	if len(os.Args) > 1 && os.Args[1] == "--quick" {
		measure("pingpong 2", func() lap { return pingPong(1_000, false) })
		return
	}
	measure("switch 2", func() lap { return yields(2, 500_000) })
	measure("switch 1,000", func() lap { return yields(1_000, 1_000) })
	measure("spawn_join 1,000", func() lap { return spawnJoin(1_000, 10_000) })
	measure("spawn_join 100,000", func() lap { return spawnJoin(100_000, 100_000) })
	measure("pingpong 2", func() lap { return pingPong(50_000, false) })
	measure("pingpong_apart 2", func() lap { return pingPong(50_000, true) })
	measure("mpsc 4, channel", func() lap { return channel(4, 100_000, 400_000) })
	measure("mutex 8", func() lap { return mutex(8, 250_000) })
	measure("condvar 2", func() lap { return condvar(50_000) })
	measure("uneven 64", func() lap { return uneven(200_000) })
}
