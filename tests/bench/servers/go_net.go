// Go: a goroutine for each connection. With a buffer's size it reads and writes; without, it is the copy
// that the documentation of net shows, which on Linux becomes splice(2).
//
//	go_net PORT [BUFFER_SIZE]
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strconv"
)

func echo(connection net.Conn, size int) {
	defer connection.Close()
	buffer := make([]byte, size)
	for {
		got, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if _, err := connection.Write(buffer[:got]); err != nil {
			return
		}
	}
}

func copyBack(connection net.Conn) {
	defer connection.Close()
	io.Copy(connection, connection)
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	serve := copyBack
	if len(os.Args) > 2 {
		size, err := strconv.Atoi(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		serve = func(connection net.Conn) { echo(connection, size) }
	}
	fmt.Println("listening on", listener.Addr())
	for {
		if connection, err := listener.Accept(); err == nil {
			go serve(connection)
		}
	}
}
