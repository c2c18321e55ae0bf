package servers

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Proxy passes connections on to a server. It counts round trips, can delay
// them, and can cut connections.
type Proxy struct {
	listener net.Listener
	server   string
	delay    time.Duration
	trips    atomic.Int64
	mu       sync.Mutex
	open     map[net.Conn]bool
}

// NewProxy listens for a server at host:port. Each round trip takes delay longer.
func NewProxy(server string, delay time.Duration) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, server: server, delay: delay, open: map[net.Conn]bool{}}
	go p.accept()
	return p, nil
}

// Through rewrites a server's data source names so that they lead through the proxy.
func (p *Proxy) Through(s *Server, database string) string {
	return strings.Replace(s.DSN(database), p.server, p.listener.Addr().String(), 1)
}

// Address is host and port of the server.
func (s *Server) Address() string {
	dsn := s.DSN("x")
	if _, rest, found := strings.Cut(dsn, "@tcp("); found {
		address, _, _ := strings.Cut(rest, ")")
		return address
	}
	u, err := url.Parse(dsn)
	if err != nil {
		panic(err) // DSN makes it
	}
	return u.Host
}

// RoundTrips is how often the clients have sent something after an answer: what
// is sent without waiting for one is the same round trip.
func (p *Proxy) RoundTrips() int64 { return p.trips.Load() }

// Cut closes all connections, in the middle of what they carry.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.open {
		_ = c.Close()
	}
}

// Close ends the proxy and its connections.
func (p *Proxy) Close() {
	_ = p.listener.Close()
	p.Cut()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.keep(client, server)
		answered := &atomic.Bool{}
		answered.Store(true)
		go p.pass(server, client, 0, func() {
			if answered.CompareAndSwap(true, false) {
				p.trips.Add(1)
			}
		})
		go p.pass(client, server, p.delay, func() { answered.Store(true) })
	}
}

func (p *Proxy) keep(client, server net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[client], p.open[server] = true, true
}

// pass copies what arrives, each piece delay later than it came.
func (p *Proxy) pass(to, from net.Conn, delay time.Duration, seen func()) {
	type piece struct {
		data []byte
		at   time.Time
	}
	pieces := make(chan piece, 1024)
	go func() {
		defer to.Close()
		for piece := range pieces {
			time.Sleep(time.Until(piece.at))
			if _, err := to.Write(piece.data); err != nil {
				break
			}
		}
		for range pieces { // until the other side ends, too
		}
	}()
	defer close(pieces)
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, from)
		_ = from.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			seen()
			pieces <- piece{append([]byte(nil), buffer[:n]...), time.Now().Add(delay)}
		}
		if err != nil {
			return
		}
	}
}
