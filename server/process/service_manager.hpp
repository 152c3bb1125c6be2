#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>

#include "coro/scheduler.hpp"
#include "server/log/event_log.hpp"
#include "server/process/notify_socket.hpp"
#include "server/process/service_environment.hpp"

namespace server {

/// Reports the state of the service to the service manager that started it (systemd). Without one
/// nothing is sent; one that does not receive costs a warning in the log, and never a wait.
class ServiceManager {
 public:
  using GetFigures = std::function<std::string()>;

  /// `get_figures` gives a short line for STATUS=, which is sent again each `status_period` if it
  /// has changed.
  ServiceManager(coro::Scheduler& scheduler, EventLog& log, const ServiceEnvironment& environment,
                 GetFigures get_figures,
                 std::chrono::milliseconds status_period = std::chrono::seconds(2));

  /// From now on a coroutine feeds the watchdog, at half the period that it asks for: as long as
  /// the scheduler runs coroutines.
  void start();
  /// Ends its coroutines.
  void close();

  /// All sockets listen.
  void ready();
  /// The service cannot start.
  void failed(const std::string& error);
  void reloading();
  /// Ready again, with the new configuration.
  void reloaded();
  /// Ready again, with the old configuration: the error stays in STATUS= until a reload succeeds.
  void not_reloaded(const std::string& error);
  /// Ready again, with the old program: the same.
  void not_upgraded(const std::string& reason);
  /// Feeds the watchdog now, before a step during which no coroutine runs.
  void feed_watchdog();
  /// The service drains. `longest`: how long that may take.
  void stopping(std::chrono::milliseconds longest);

 private:
  void keep_watchdog_fed(coro::Yield yield);
  void refresh_status(coro::Yield yield);
  void ready_again(std::string remark);
  void report(const std::string& state);
  std::string status_line() const;
  coro::error_code send(const std::string& message);

  coro::Scheduler& scheduler_;
  EventLog& log_;
  GetFigures get_figures_;
  std::optional<NotifySocket> socket_;  // none = no service manager asked for messages
  std::chrono::microseconds watchdog_;
  std::chrono::milliseconds status_period_;
  std::string remark_;  // stands before the figures in STATUS=
  std::string sent_;    // the last STATUS=
  std::string unsent_;  // the state, if the receiver's queue was full
  bool warned_ = false;
  coro::Task watchdog_task_;
  coro::Task status_task_;
};

}  // namespace server
