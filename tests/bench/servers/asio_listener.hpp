#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>

#include "tests/bench/servers/listen.h"

/// A listening acceptor for the servers on Asio.
inline boost::asio::ip::tcp::acceptor listen_with_asio(boost::asio::io_context& context,
                                                       const char* port) {
  return {context, boost::asio::ip::tcp::v4(), listen_on(port, SOCK_NONBLOCK)};
}
