// Go: a loop that reads and writes, as the documentation of net has it.
//
//	go_udp PORT
package main

import (
	"fmt"
	"log"
	"net"
	"net/netip"
	"os"
)

func main() {
	address, err := netip.ParseAddrPort("127.0.0.1:" + os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", socket.LocalAddr())
	buffer := make([]byte, 65536)
	for {
		size, peer, err := socket.ReadFromUDPAddrPort(buffer)
		if err != nil {
			continue
		}
		socket.WriteToUDPAddrPort(buffer[:size], peer)
	}
}
