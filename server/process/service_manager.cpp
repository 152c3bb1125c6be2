#include "server/process/service_manager.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <ctime>
#include <utility>

#include "coro/yield.hpp"

namespace server {
namespace {

// Beyond the drain: to abort the last connections, and for the last lines of the log.
constexpr std::chrono::seconds end_of_draining{5};

std::string monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const auto since_boot = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  return std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(since_boot).count());
}

// A line break would begin another variable.
std::string as_one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

ServiceManager::ServiceManager(coro::Scheduler& scheduler, EventLog& log,
                               const ServiceEnvironment& environment, GetFigures get_figures,
                               std::chrono::milliseconds status_period)
    : scheduler_(scheduler),
      log_(log),
      get_figures_(std::move(get_figures)),
      watchdog_(environment.watchdog),
      status_period_(status_period) {
  if (!environment.notify_socket.empty()) socket_.emplace(environment.notify_socket);
}

void ServiceManager::start() {
  if (!socket_ || watchdog_.count() == 0) return;
  watchdog_task_ =
      scheduler_.spawn("watchdog", [this](coro::Yield yield) { keep_watchdog_fed(yield); }).value();
}

void ServiceManager::close() {
  watchdog_task_.cancel();
  status_task_.cancel();
}

void ServiceManager::ready() {
  if (!socket_) return;
  report("READY=1");
  status_task_ =
      scheduler_.spawn("service status", [this](coro::Yield yield) { refresh_status(yield); })
          .value();
}

void ServiceManager::failed(const std::string& error) {
  if (socket_) send("STATUS=" + as_one_line(error));
}

void ServiceManager::reloading() {
  report("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds());
}

void ServiceManager::reloaded() {
  ready_again("");
}

void ServiceManager::not_reloaded(const std::string& error) {
  ready_again("not reloaded: " + error + "; ");
}

void ServiceManager::not_upgraded(const std::string& reason) {
  ready_again("not upgraded: " + reason + "; ");
}

void ServiceManager::ready_again(std::string remark) {
  remark_ = std::move(remark);
  report("READY=1");
}

// So TimeoutStopSec= needs no room for shutdown.timeout.
void ServiceManager::stopping(std::chrono::milliseconds longest) {
  remark_ = "draining: ";
  report("STOPPING=1\nEXTEND_TIMEOUT_USEC=" +
         std::to_string(std::chrono::microseconds(longest + end_of_draining).count()));
}

void ServiceManager::feed_watchdog() {
  if (socket_ && watchdog_.count() > 0) send("WATCHDOG=1");
}

void ServiceManager::keep_watchdog_fed(coro::Yield yield) {
  const auto pause =
      std::max<std::chrono::microseconds>(watchdog_ / 2, std::chrono::milliseconds(1));
  do {
    feed_watchdog();
  } while (!coro::sleep_for(yield, pause));
}

void ServiceManager::refresh_status(coro::Yield yield) {
  while (!coro::sleep_for(yield, status_period_)) {
    if (!unsent_.empty()) {
      report(std::string(unsent_));
    } else if (std::string line = status_line(); line != sent_) {
      if (!send("STATUS=" + line)) sent_ = std::move(line);
    }
  }
}

void ServiceManager::report(const std::string& state) {
  if (!socket_) return;
  std::string line = status_line();
  const coro::error_code error = send(state + "\nSTATUS=" + line);
  unsent_ = error == boost::asio::error::would_block ? state : "";
  if (!error) sent_ = std::move(line);
}

std::string ServiceManager::status_line() const {
  return as_one_line(remark_ + get_figures_());
}

coro::error_code ServiceManager::send(const std::string& message) {
  const coro::error_code error = socket_->send(message);
  if (error && error != boost::asio::error::would_block && !std::exchange(warned_, true))
    log_.warn({"notify_failed", {{"reason", error.message()}}},
              "NOTIFY_SOCKET: cannot tell the service manager: {}", error.message());
  return error;
}

}  // namespace server
