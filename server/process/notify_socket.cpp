#include "server/process/notify_socket.hpp"

#include <sys/un.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <string>

namespace server {

NotifySocket::NotifySocket(std::string_view address, const coro::Executor& executor)
    : socket_(executor) {
  if (address.size() < 2 || address.size() >= sizeof(sockaddr_un::sun_path) ||
      (address.front() != '/' && address.front() != '@')) {
    error_ = boost::asio::error::invalid_argument;
    return;
  }
  std::string path(address);
  if (path.front() == '@') path.front() = '\0';
  receiver_ = Protocol::endpoint(path);
  socket_.open({}, error_);
  if (!error_) socket_.non_blocking(true, error_);
}

coro::error_code NotifySocket::send(std::string_view message) {
  coro::error_code error = error_;
  if (!error)
    socket_.send_to(boost::asio::buffer(message.data(), message.size()), receiver_, 0, error);
  return error;
}

}  // namespace server
