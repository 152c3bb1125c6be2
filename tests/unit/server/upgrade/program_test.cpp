#include "server/upgrade/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>

#include "coro/descriptor.hpp"
#include "coro/scheduler.hpp"
#include "coro/task.hpp"
#include "server/upgrade/state_codec.hpp"
#include "server/upgrade/state_memory.hpp"
#include "tests/open_descriptors.hpp"
#include "tests/temporary_directory.hpp"
#include "tests/unit/server/upgrade/sample_state.hpp"

namespace server {
namespace {

using namespace std::chrono_literals;

constexpr auto long_enough = 1min;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

class ProgramTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(open_descriptors(::getpid()), descriptors_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child is left";
  }

  // A program with this text.
  std::string program(std::string_view text) {
    const auto path = directory_.write("program", text);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }
  std::string script(std::string_view text) { return program("#!/bin/sh\n" + std::string(text)); }

  // "upgrade to VERSION" or the reason.
  static std::string answer_of(const Program& next, std::chrono::nanoseconds limit = long_enough) {
    coro::Scheduler scheduler;
    std::string answer;
    const auto ask = [&](coro::Yield yield) {
      const auto result = next.ask(yield, limit);
      answer = result ? "upgrade to " + *result : result.error();
    };
    static_cast<void>(scheduler.spawn("asking", ask).value());
    scheduler.run();
    return answer;
  }
  std::string answer_of(const std::string& path, std::chrono::nanoseconds limit = long_enough,
                        std::vector<std::string> arguments = {"coroecho"}) const {
    return answer_of(Program(path, std::move(arguments), directory_.path()), limit);
  }

  // Suspends until the script has begun, which touches "asked".
  void wait_until_asked(coro::Yield yield) const {
    while (!std::filesystem::exists(directory_ / "asked"))
      static_cast<void>(coro::sleep_for(yield, 1ms));
  }

  // Executes the shell's script in a process of its own, and returns what is in the file "out".
  std::string executed(const std::string& text, const State& state) {
    const Program next("/bin/sh", {"sh", "-c", text, "sh", "argument"}, directory_.path());
    const pid_t child = ::fork();
    if (child == 0) {
      static_cast<void>(next.execute(state));
      ::_exit(99);
    }
    int status = 0;
    EXPECT_EQ(child, ::waitpid(child, &status, 0));
    EXPECT_EQ(status, 0);
    return read_file(directory_ / "out");
  }

  TemporaryDirectory directory_;

 private:
  std::size_t descriptors_ = open_descriptors(::getpid());
};

TEST_F(ProgramTest, ReturnsTheVersionOfAProgramThatAgrees) {
  EXPECT_EQ(answer_of(script("echo coroecho 1.2.0~rc1")), "upgrade to 1.2.0~rc1");
  EXPECT_EQ(answer_of(script("echo coroecho: a warning >&2; echo coroecho 2.0")), "upgrade to 2.0");
}

TEST_F(ProgramTest, IsAskedWithItsArgumentsInItsDirectoryWithoutInput) {
  const std::string path = script(
      "printf '%s\\n' \"$@\" >arguments; pwd >>arguments; cat >>arguments; echo coroecho 1.1.0");
  EXPECT_EQ(answer_of("./program", long_enough, {"coroecho", "--port", "0"}), "upgrade to 1.1.0");
  EXPECT_EQ(read_file(directory_ / "arguments"),
            "--check-upgrade\n1\n--port\n0\n" + directory_.path().string() + "\n");
}

TEST_F(ProgramTest, SignalsAreThoseOfAFreshProcess) {
  sigset_t blocked;
  sigset_t before;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGTERM);
  ::sigaddset(&blocked, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &blocked, &before);
  const auto ignored = std::signal(SIGCHLD, SIG_IGN);
  EXPECT_EQ(answer_of(script("kill -TERM $$; echo coroecho 1.1.0")),
            "it was ended by signal 15 (Terminated)");
  std::signal(SIGCHLD, ignored);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

// As `systemctl kill -s RTMIN` does, which signals every process of the service.
TEST_F(ProgramTest, ARequestToTheServiceDoesNotEndTheOneThatIsAsked) {
  const std::string requests = fmt::format("for s in {} {} {} {}; do kill -$s $$; done; ", SIGHUP,
                                           SIGUSR1, SIGUSR2, SIGRTMIN);
  EXPECT_EQ(answer_of(script(requests + "echo coroecho 1.1.0")), "upgrade to 1.1.0");
}

TEST_F(ProgramTest, OneThatIsMissingIsAReason) {
  const std::string path = directory_ / "none";
  EXPECT_EQ(answer_of(path), path + ": No such file or directory");
}

TEST_F(ProgramTest, OneThatIsNotExecutableIsAReason) {
  const std::string path = directory_.write("text", "#!/bin/sh\n");
  EXPECT_EQ(answer_of(path), path + ": Permission denied");
}

TEST_F(ProgramTest, OneOfAnotherFormatIsAReason) {
  const std::string path = program(
      "\x7f"
      "ELF of another machine");
  EXPECT_EQ(answer_of(path), path + ": Exec format error");
}

TEST_F(ProgramTest, AnExitCodeIsAReasonWithTheLastLineOfItsOutput) {
  EXPECT_EQ(answer_of(script("echo coroecho: file.yaml:3: key \\'port\\' >&2; exit 78")),
            "it ended with exit code 78: file.yaml:3: key 'port'");
  EXPECT_EQ(answer_of(script("echo a warning; echo; echo the error; echo; exit 1")),
            "it ended with exit code 1: the error");
  EXPECT_EQ(answer_of(script("exit 1")), "it ended with exit code 1");
}

TEST_F(ProgramTest, ASignalIsAReason) {
  EXPECT_EQ(answer_of(script("kill -SEGV $$")), "it was ended by signal 11 (Segmentation fault)");
}

TEST_F(ProgramTest, AnotherAnswerIsAReason) {
  for (const std::string output :
       {"", "hello", "coroecho", "coroecho 1 2", "coroecho-client 1.0.0"})
    EXPECT_EQ(answer_of(script("echo '" + output + "'")), "it does not answer as coroecho does");
}

TEST_F(ProgramTest, ItsOutputForgesNoLineAndIsBounded) {
  EXPECT_EQ(answer_of(script("printf 'a\\033b'; exit 1")), "it ended with exit code 1: a\\x1bb");
  const std::string endless =
      "i=0; while [ $i -lt 2000 ]; do printf 0123456789012345678901234567890123456789; i=$((i+1)); "
      "done; exit 1";
  EXPECT_LT(answer_of(script(endless)).size(), 600U);
}

TEST_F(ProgramTest, OneThatDoesNotAnswerIsEndedWithItsChildren) {
  EXPECT_EQ(answer_of(script("sleep 1000; echo coroecho 1.1.0"), 100ms),
            "it did not answer in 0.1 s");
  EXPECT_EQ(answer_of(script("while :; do echo y; done"), 100ms), "it did not answer in 0.1 s");
}

TEST_F(ProgramTest, OneThatPrintsWithoutEndIsNotReadForLong) {
  EXPECT_EQ(answer_of(script("exec yes")), "it prints without end");
}

TEST_F(ProgramTest, AProcessThatItLeavesBehindIsNotWaitedFor) {
  EXPECT_EQ(answer_of(script("sleep 5 & echo $! >left; echo coroecho 1.1.0")), "upgrade to 1.1.0");
  ::kill(std::stoi(read_file(directory_ / "left")), SIGKILL);
}

TEST_F(ProgramTest, OthersRunMeanwhileAndCancellingEndsTheChild) {
  const Program next(script("touch asked; sleep 1000"), {"coroecho"}, directory_.path());
  coro::Scheduler scheduler;
  std::string answer;
  const auto ask = [&](coro::Yield yield) { answer = next.ask(yield).error(); };
  const coro::Task asking = scheduler.spawn("asking", ask).value();
  const auto cancel = [&](coro::Yield yield) {
    wait_until_asked(yield);
    asking.cancel();
  };
  static_cast<void>(scheduler.spawn("cancelling", cancel).value());
  scheduler.run();
  EXPECT_EQ(answer, "it could not be asked: Operation canceled");
}

TEST_F(ProgramTest, ACoroutineThatIsDestroyedMeanwhileLeavesNothing) {
  const Program next(script("touch asked; sleep 1000"), {"coroecho"}, directory_.path());
  coro::Scheduler scheduler;
  const auto ask = [&](coro::Yield yield) { static_cast<void>(next.ask(yield)); };
  static_cast<void>(scheduler.spawn("asking", ask).value());
  const auto wait = [&](coro::Yield yield) { wait_until_asked(yield); };
  scheduler.run(scheduler.spawn("waiting", wait).value());
}

// This one is a program that answers as gtest does.
TEST_F(ProgramTest, RemembersHowThisProcessWasStarted) {
  const std::vector<const char*> arguments = {"name", "--gtest_list_tests"};
  EXPECT_EQ(answer_of(Program::started(2, arguments.data())),
            "it does not answer as coroecho does");
}

TEST_F(ProgramTest, IsExecutedWithTheStateInItsDirectoryWithItsArguments) {
  const State state = sample_state();
  EXPECT_EQ(executed("cat /proc/$$/fd/${COROECHO_STATE#*:} >out", state), encode(state));
  EXPECT_EQ(executed("echo $1 $((${COROECHO_STATE%:*} == $$)) >out; pwd >>out", state),
            "argument 1\n" + directory_.path().string() + "\n");
}

TEST_F(ProgramTest, TheDescriptorsOfTheStateStayOpenAndNoOthers) {
  const coro::Descriptor named(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const coro::Descriptor other(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  State state;
  state.pid_file = named.number();
  const std::string test = "test -e /proc/$$/fd/";
  EXPECT_EQ(executed(test + std::to_string(named.number()) + " && echo yes >out", state), "yes\n");
  EXPECT_EQ(executed("! " + test + std::to_string(other.number()) + " && echo no >out", state),
            "no\n");
}

TEST_F(ProgramTest, AnExecutionThatFailsChangesNothing) {
  const coro::Descriptor named(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  State state;
  state.pid_file = named.number();
  const auto before = std::filesystem::current_path();
  const Program missing("./none", {"coroecho"}, directory_.path());
  EXPECT_EQ(missing.execute(state), "./none: No such file or directory");
  EXPECT_EQ(std::filesystem::current_path(), before);
  EXPECT_EQ(::fcntl(named.number(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(std::getenv("COROECHO_STATE"), nullptr);
}

TEST_F(ProgramTest, ADirectoryThatIsGoneIsNoReason) {
  const Program next(script("echo coroecho 1.1.0"), {"coroecho"}, directory_ / "gone");
  EXPECT_EQ(answer_of(next), "upgrade to 1.1.0");
}

class TakeStateTest : public testing::Test {
 protected:
  void TearDown() override { ::unsetenv("COROECHO_STATE"); }

  static void set(pid_t pid, int descriptor) {
    const std::string value = std::to_string(pid) + ":" + std::to_string(descriptor);
    ::setenv("COROECHO_STATE", value.c_str(), 1);
  }
};

TEST_F(TakeStateTest, ReturnsTheStateOnceAndClosesItsDescriptorsOnExec) {
  const coro::Descriptor named(::open("/dev/null", O_RDONLY));
  State state;
  state.pid_file = named.number();
  const int memory = sealed_memory(encode(state)).release();
  set(::getpid(), memory);
  const auto taken = take_state();
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->pid_file, named.number());
  EXPECT_EQ(::fcntl(named.number(), F_GETFD), FD_CLOEXEC);
  EXPECT_LT(::fcntl(memory, F_GETFD), 0) << "the memory is closed";
  EXPECT_EQ(std::getenv("COROECHO_STATE"), nullptr);
  EXPECT_FALSE(take_state());
}

TEST_F(TakeStateTest, ThatOfAnotherProcessIsIgnoredAndRemoved) {
  const coro::Descriptor memory = sealed_memory(encode({}));
  set(::getppid(), memory.number());
  EXPECT_FALSE(take_state());
  EXPECT_EQ(std::getenv("COROECHO_STATE"), nullptr);
  EXPECT_GE(::fcntl(memory.number(), F_GETFD), 0);
}

TEST_F(TakeStateTest, AVariableOfAnotherFormIsIgnored) {
  const std::string own = std::to_string(::getpid());
  for (const std::string& value : {std::string(), std::string("x"), own, own + ":", own + ":x",
                                   own + ":-1", own + ":99999999999", std::string(":3")}) {
    ::setenv("COROECHO_STATE", value.c_str(), 1);
    EXPECT_FALSE(take_state()) << value;
  }
}

TEST_F(TakeStateTest, AStateThatCannotBeUsedIsAnErrorOfOneLine) {
  set(::getpid(), sealed_memory("coroecho state 2 ").release());
  try {
    static_cast<void>(take_state());
    FAIL() << "no exception";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(),
                 "cannot go on after an upgrade: its state has version 2, this program reads up to "
                 "1");
  }
  set(::getpid(), ::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_THROW(take_state(), std::runtime_error);
}

}  // namespace
}  // namespace server
