#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "coro/scheduler.hpp"
#include "server/log/event_log.hpp"
#include "server/process/notify_socket.hpp"
#include "server/process/service_environment.hpp"
#include "server/status/status.hpp"

namespace server {

/// The service manager that started the service (systemd), which wants to know how it is. Without
/// one nothing is sent; one that does not listen costs a warning in the log, and never a wait.
class ServiceManager {
 public:
  using GetStatus = std::function<Status()>;

  /// `status_period`: how often the figures of STATUS= are brought up to date, if they have
  /// changed.
  ServiceManager(coro::Scheduler& scheduler, EventLog& log, const ServiceEnvironment& environment,
                 GetStatus get_status,
                 std::chrono::milliseconds status_period = std::chrono::seconds(2));

  /// From now on the watchdog hears of a scheduler that works: a coroutine tells it, at half the
  /// period that it asks for.
  void start();
  /// Ends what runs.
  void close();

  /// All sockets listen.
  void ready();
  /// The service cannot start.
  void failed(const std::string& error);
  void reloading();
  /// Ready again, with the new configuration or, for that error, with the old one: it stays in
  /// STATUS= until a reload succeeds.
  void reloaded(const std::optional<std::string>& error);
  /// The service drains. `longest`: how long that may take.
  void stopping(std::chrono::milliseconds longest);

 private:
  void feed_watchdog(coro::Yield yield);
  void refresh_status(coro::Yield yield);
  void tell(const std::string& state);
  std::string status_line() const;
  coro::error_code send(const std::string& message);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetStatus get_status_;
  std::optional<NotifySocket> socket_;  // none = nobody wants to know
  std::chrono::microseconds watchdog_;
  std::chrono::milliseconds status_period_;
  std::string remark_;  // what STATUS= says before the figures
  std::string told_;    // the last STATUS= that was sent
  std::string unsent_;  // the state, if the receiver's queue was full when it was to be told
  bool warned_ = false;
  coro::Task watchdog_task_;
  coro::Task status_task_;
};

}  // namespace server
