#include "server/accept/listeners.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "coro/scheduler.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/server/pipe.hpp"
#include "tests/unit/server/socket_end.hpp"

// The two services of these tests live in one process. The old one's listeners are held, so that
// they accept nothing beside the new one's.
namespace server {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Service {
  Service(coro::Yield yield, Config configuration, std::vector<int> inherited = {})
      : config(std::move(configuration)),
        sessions(yield.scheduler(), config, log, statistics),
        listeners(yield.scheduler(), config, log, statistics, sessions, changed,
                  {.echo = std::move(inherited), .tls = {}, .udp = {}, .admin = {}}) {}

  void listen(coro::Yield yield) {
    Listeners::Change change = listeners.plan(config, yield);
    listeners.bind(change, config, {});
    listeners.open(change, config, yield);
  }
  void close(coro::Yield yield) {
    listeners.close(yield);
    sessions.drain();
    EXPECT_FALSE(sessions.wait_until_none(yield));
    sessions.close();
  }
  std::string logged() {
    log.flush();
    return pipe.read();
  }

  Config config;
  Pipe pipe;
  EventLog log{pipe.writer()};
  Statistics statistics;
  coro::Condition changed;
  Sessions sessions;
  Listeners listeners;
};

class HandedOverListeners : public testing::Test {
 protected:
  HandedOverListeners() {
    config_.host = {"127.0.0.1"};
    config_.port = 0;
  }

  // Runs the old service, what `between` does to its state, and the new service with that state.
  template <typename Between, typename After>
  void hand_over(Between between, After after, std::vector<int> inherited = {}) {
    run([&](coro::Yield yield) {
      Service before(yield, config_, std::move(inherited));
      before.listeners.hold(Transport::plain);
      before.listen(yield);
      std::vector<ListenerState> states = handed_over(before.listeners.state());
      between(states, yield);
      Service next(yield, next_.value_or(config_));
      next.listeners.adopt(states);
      after(next, states, yield);
      next.close(yield);
      before.close(yield);
    });
  }

  mode_t mode() const {
    struct stat status {};
    ::stat(path_.c_str(), &status);
    return status.st_mode & 0777U;
  }
  void use_unix_socket() {
    config_.host = {};
    config_.unix_socket.path = path_;
    config_.unix_socket.mode = 0600;
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "echo.sock";
  Config config_;
  std::optional<Config> next_;  // the new service's, if it is another one
};

constexpr auto nothing = [](std::vector<ListenerState>&, coro::Yield) {};

TEST_F(HandedOverListeners, AcceptWhoHasConnectedBefore) {
  config_.host = {"127.0.0.1", "::1"};
  config_.unix_socket.path = path_;
  std::vector<std::unique_ptr<SocketEnd>> clients;
  hand_over(
      [&](const std::vector<ListenerState>& states, coro::Yield yield) {
        ASSERT_THAT(states, SizeIs(3));
        for (const ListenerState& state : states)
          clients.push_back(std::make_unique<SocketEnd>(state.socket, yield));
      },
      [&](Service& next, const std::vector<ListenerState>&, coro::Yield) {
        for (const auto& client : clients)
          EXPECT_EQ("still", client->echo("still"));
        EXPECT_EQ(3, next.statistics.active);
        EXPECT_THAT(next.logged(), Not(HasSubstr("listening on")));
        clients.clear();
      });
}

TEST_F(HandedOverListeners, ServeTheConnectionThatHadNoMemoryForASession) {
  std::unique_ptr<SocketEnd> client;
  hand_over(
      [&](std::vector<ListenerState>& states, coro::Yield yield) {
        client = std::make_unique<SocketEnd>(states.front().socket, yield);
        states.front().accepted = ::accept(states.front().socket, nullptr, nullptr);
        ASSERT_GE(states.front().accepted, 0);
      },
      [&](Service& next, const std::vector<ListenerState>&, coro::Yield) {
        EXPECT_EQ("still", client->echo("still"));
        EXPECT_THAT(next.logged(), HasSubstr("client 1 connected from 127.0.0.1:"));
        client.reset();
      });
}

TEST_F(HandedOverListeners, AreWhereTheSameConfigurationWantsThem) {
  config_.host = {"127.0.0.1", "::"};
  config_.unix_socket.path = path_;
  hand_over(nothing, [&](Service& next, const auto& states, coro::Yield yield) {
    EXPECT_THAT(states, SizeIs(2)) << "the wildcard covers IPv4";
    const Listeners::Change change = next.listeners.plan(config_, yield);
    EXPECT_THAT(change.missing, IsEmpty());
    EXPECT_THAT(change.unwanted, IsEmpty());
  });
}

TEST_F(HandedOverListeners, AreClosedIfTheNewConfigurationDoesNotWantThem) {
  use_unix_socket();
  config_.host = {"127.0.0.1", "::1"};
  next_ = config_;
  next_->host = {"::1"};
  next_->unix_socket.path.clear();
  hand_over(nothing, [&](Service& next, const auto&, coro::Yield yield) {
    next.listen(yield);
    EXPECT_THAT(next.listeners.state(), SizeIs(1));
    EXPECT_THAT(next.logged(), HasSubstr("no longer listening on 127.0.0.1:"));
    EXPECT_FALSE(std::filesystem::exists(path_));
  });
}

TEST_F(HandedOverListeners, RemoveTheFileOfAUnixSocketAtTheEnd) {
  use_unix_socket();
  hand_over(nothing, [&](Service& next, const auto&, coro::Yield yield) {
    next.listen(yield);
    EXPECT_TRUE(std::filesystem::exists(path_));
    next.listeners.close(yield);
    EXPECT_FALSE(std::filesystem::exists(path_));
  });
}

TEST_F(HandedOverListeners, ChangeTheModeOfAUnixSocketIfTheSettingHasChanged) {
  use_unix_socket();
  next_ = config_;
  next_->unix_socket.mode = 0660;
  hand_over(nothing, [&](Service& next, const auto&, coro::Yield yield) {
    next.listen(yield);
    EXPECT_EQ(0660, mode());
  });
}

TEST_F(HandedOverListeners, LeaveTheModeThatAnAdministratorHasSet) {
  use_unix_socket();
  hand_over([&](auto&, coro::Yield) { ::chmod(path_.c_str(), 0666); },
            [&](Service& next, const auto&, coro::Yield yield) {
              next.listen(yield);
              EXPECT_EQ(0666, mode());
            });
}

TEST_F(HandedOverListeners, ReplaceTheConfiguredAddressesIfTheServiceManagerKeepsThem) {
  const int managed = coro::checked(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  ASSERT_EQ(0, ::listen(managed, 1));
  hand_over(nothing,
            [&](Service& next, const auto& states, coro::Yield yield) {
              ASSERT_THAT(states, SizeIs(1));
              EXPECT_TRUE(states.front().inherited);
              next.listen(yield);
              EXPECT_THAT(next.listeners.state(), SizeIs(1));
              EXPECT_THAT(next.logged(), Not(HasSubstr("listening on")));
            },
            {managed});
}

TEST_F(HandedOverListeners, AreClosedOnExec) {
  use_unix_socket();
  hand_over(nothing, [&](Service&, const std::vector<ListenerState>& states, coro::Yield) {
    EXPECT_EQ(FD_CLOEXEC, ::fcntl(states.front().socket, F_GETFD));
    EXPECT_EQ(FD_CLOEXEC, ::fcntl(states.front().file, F_GETFD));
  });
}

TEST_F(HandedOverListeners, AreOpenedAnewIfTheirDescriptorIsNoSocket) {
  hand_over(
      [](std::vector<ListenerState>& states, coro::Yield) {
        ::close(states.front().socket);
        states.front().socket = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
      },
      [](Service& next, const auto&, coro::Yield yield) {
        EXPECT_THAT(next.logged(), HasSubstr("error no longer listening on 127.0.0.1:0: "));
        next.listen(yield);
        EXPECT_THAT(next.listeners.state(), SizeIs(1));
      });
}

TEST_F(HandedOverListeners, AreNotThoseThatHaveLostTheirSocket) {
  run([&](coro::Yield yield) {
    Service service(yield, config_);
    service.listen(yield);
    ASSERT_THAT(service.listeners.state(), SizeIs(1));
    ::shutdown(service.listeners.state().front().socket, SHUT_RDWR);
    EXPECT_FALSE(service.changed.wait(yield, [&] { return service.listeners.has_lost_one(); }));
    EXPECT_THAT(service.listeners.state(), IsEmpty());
    service.close(yield);
  });
}

TEST_F(HandedOverListeners, LetTheClientsOfAHeldTransportWait) {
  run([&](coro::Yield yield) {
    Service service(yield, config_);
    service.listen(yield);
    const int socket = service.listeners.state().front().socket;
    {
      service.listeners.hold(Transport::tls);
      SocketEnd other(socket, yield);
      EXPECT_EQ("plain", other.echo("plain"));
      service.listeners.hold(Transport::plain);
      SocketEnd client(socket, yield);
      for (int turn = 0; turn < 10; ++turn)
        static_cast<void>(coro::sleep_for(yield, 1ms));
      EXPECT_EQ(1, service.statistics.active);
      service.listeners.go_on();
      EXPECT_EQ("at last", client.echo("at last"));
    }
    service.close(yield);
  });
}

}  // namespace
}  // namespace server
