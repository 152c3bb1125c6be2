#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/client.hpp"
#include "tests/service/client_faulty_server.hpp"
#include "tests/service/client_pty.hpp"
#include "tests/service/scale.hpp"
#include "tests/service/server.hpp"

// coroecho-client in a terminal, byte by byte: it sends exactly the typed bytes, and gives the
// terminal back as it was.
namespace service {
namespace {

using namespace std::string_literals;
using namespace std::chrono_literals;

// An echo service that keeps the bytes it received.
class Echo {
 public:
  std::uint16_t port() const { return server_.port(); }

  // Waits until so many bytes have come, and returns all so far.
  std::string wait_for_bytes(std::size_t size) {
    const auto deadline = Clock::now() + patience;
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (received_.size() >= size || Clock::now() > deadline) return received_;
      }
      std::this_thread::sleep_for(5ms);
    }
  }

 private:
  std::mutex mutex_;
  std::string received_;
  FaultyServer server_{[this](FaultyConnection& connection, int) {
    while (const auto bytes = connection.receive()) {
      {
        const std::lock_guard lock(mutex_);
        received_ += *bytes;
      }
      connection.send(*bytes);
    }
  }};
};

void expect_sent(const std::string& keys, const std::string& bytes,
                 const Pty::Options& options = {}) {
  Echo echo;
  Pty pty(client(echo.port()), options);
  pty.wait_for(":help lists the commands");
  pty.type(keys);
  EXPECT_EQ(echo.wait_for_bytes(bytes.size()), bytes);
  pty.type("\x04");
  EXPECT_EQ(pty.wait(), 0) << pty.written();
  EXPECT_TRUE(pty.edits_itself());
}

// Whether the terminal draws in bold after these bytes.
bool is_bold(const std::string& written) {
  bool bold = false;
  for (std::size_t at = 0; (at = written.find("\033[", at)) != std::string::npos; ++at) {
    if (written.compare(at, 4, "\033[1m") == 0) bold = true;
    if (written.compare(at, 4, "\033[0m") == 0) bold = false;
  }
  return bold;
}

// ---- exactly the typed bytes are sent

TEST(ClientKeys, SendsBytesThatAreNoUtf8AsTheyAreTyped) {
  expect_sent("a\xc3\nb\xff\xe6\xbc\nc\n", "a\xc3\nb\xff\xe6\xbc\nc\n");
  expect_sent(
      "gr\xfc\xdf"
      "e\n",
      "gr\xfc\xdf"
      "e\n");
}

TEST(ClientKeys, SendsInvisibleCharactersAsTheyAreTyped) {
  expect_sent("\u009b\u0085\u00ad\u202e\u200d\ufeff\n", "\u009b\u0085\u00ad\u202e\u200d\ufeff\n");
}

TEST(ClientKeys, SendsATabInText) {
  expect_sent("col1\tcol2\n", "col1\tcol2\n");
}

TEST(ClientKeys, SendsWhatIsPastedAsItIs) {
  const auto text = "tab\there \033[A\x01 \x7f\xff\xc3 \0 end\nsecond\n"s;
  expect_sent("<\033[200~" + text + "third\033[201~>\n", "<" + text + "third>\n");
}

TEST(ClientKeys, SendsWhatIsPastedAsItIsAlsoAfterAKeyThatTakesTheNext) {
  const std::string pasted = "\033[200~tab\there \033[A\x01\033[201~";
  for (const std::string key : {"\x16", "\x12", "\033", "\0335\x16"})  // Ctrl-V, Ctrl-R, Escape
    expect_sent("<>\x02" + key + pasted + "\n", "<tab\there \033[A\x01>\n");
}

// At a Ctrl-C the terminal discards its unread input, also the end of a paste.
TEST(ClientKeys, EndsAPasteAtCtrlC) {
  for (const std::string end : {"", "\033[201~"}) {
    Echo echo;
    Pty pty(client(echo.port()));
    pty.wait_for("> ");
    pty.type("\033[200~pasted");
    pty.wait_for("pasted");
    pty.type("\x03");
    pty.wait_for("> \033[0m\r\033");
    pty.type(end + "x\x7ftyped\n");
    EXPECT_EQ(echo.wait_for_bytes(6), "typed\n");
    pty.type("\x04");
    EXPECT_EQ(pty.wait(), 0) << pty.written();
  }
}

TEST(ClientKeys, EditsCharactersNotBytes) {
  expect_sent(
      "gr\u00fc\u00df"
      "e\x7f\x7fX\x01>\n",
      ">gr\u00fcX\n");
}

// ---- lines longer than the screen, screens smaller than the prompt

TEST(ClientKeys, GoesOnWithALineLongerThanTheScreen) {
  const std::string line(2500, 'x');
  expect_sent(line + "\x01\x05" + std::string(200, 'y') + "\n",
              line + std::string(200, 'y') + "\n");
  expect_sent(line + "\x01<\n", "<" + line + "\n", {.size = {.rows = 5, .columns = 80}});
  expect_sent("\033[200~" + line + "\033[201~\x01\x05!\n", line + "!\n");
}

TEST(ClientKeys, GoesOnWhenOneKeyMakesTheLineLongerThanTheScreen) {
  expect_sent("\0335\0330\0330\0330y\x01\x05\n", std::string(5000, 'y') + "\n");
  const std::string line(3000, 'w');
  expect_sent(line + "\n\x10\x01\x05!\n", line + "\n" + line + "!\n");
}

TEST(ClientKeys, WorksHoweverSmallTheTerminalIs) {
  for (const auto columns : std::initializer_list<std::uint16_t>{0, 1, 2, 3, 10, 20}) {
    for (const auto rows : std::initializer_list<std::uint16_t>{0, 1, 2, 24}) {
      expect_sent("hello world \u6f22\u5b57 \x01\x05!\n", "hello world \u6f22\u5b57 !\n",
                  {.size = {.rows = rows, .columns = columns}});
    }
  }
}

TEST(ClientKeys, KeepsTheLineWhateverSizeTheTerminalGets) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for("> ");
  std::string line(1000, 'r');
  pty.type(line);
  for (const Pty::Size size :
       {Pty::Size{5, 20}, Pty::Size{1, 1}, Pty::Size{50, 200}, Pty::Size{2, 3}}) {
    pty.resize(size);
    pty.wait_for("\033[J");
    pty.type("\x01<\x05>");
    line = "<" + line + ">";
  }
  pty.type("\n");
  EXPECT_EQ(echo.wait_for_bytes(line.size() + 1), line + "\n");
}

TEST(ClientKeys, ControlCEndsASearchOfAnyLength) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for(":help lists the commands");
  pty.type("beta two\n");
  pty.wait_for("recv from server:");
  for (const auto& pattern : {"bet"s, std::string(900, 'q')}) {
    pty.type("\x12" + pattern);
    pty.wait_for(pattern.substr(0, 3));
    pty.type("\x03");
    pty.wait_for("\033[J\033[1m127.0.0.1:" + std::to_string(echo.port()) + "> \033[0m\r\033");
  }
  pty.type("xyz\n");
  EXPECT_EQ(echo.wait_for_bytes(13), "beta two\nxyz\n");
}

TEST(ClientKeys, AnArrowEndsASearchAndMoves) {
  const std::string lines = "alpha\nbeta two\n";
  const std::string search = "\022bet";
  for (const std::string home : {"\033[H", "\033OH"})
    expect_sent(lines + search + home + "<\n", lines + "<beta two\n");
  expect_sent(lines + search + "\033[A\n", lines + "alpha\n");
  expect_sent(lines + search + "\033x\x05!\n", lines + "xbeta two!\n");  // Escape alone
}

TEST(ClientKeys, KeepsWhatIsTypedRightAfterControlC) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for("> ");
  std::string sent;
  for (int i = 0; i < 10; ++i) {
    // It hears of both at once, of the keys first.
    ASSERT_EQ(::kill(pty.pid(), SIGSTOP), 0);
    pty.type("not this");
    std::this_thread::sleep_for(5ms);
    pty.type("\x03z");
    ASSERT_EQ(::kill(pty.pid(), SIGCONT), 0);
    pty.wait_for("z");
    pty.type("\n");
    sent += "z\n";
    ASSERT_EQ(echo.wait_for_bytes(sent.size()), sent);
    pty.wait_for("ms)");
  }
}

// ---- the terminal is given back as it was

TEST(ClientKeys, GivesTheTerminalBackWhateverEndsIt) {
  Echo echo;
  std::vector<int> signals = {SIGABRT, SIGTERM, SIGHUP,  SIGALRM,
                              SIGUSR1, SIGPIPE, SIGXCPU, SIGRTMIN};
  if (!sanitized)
    signals.insert(signals.end(), {SIGSEGV, SIGBUS, SIGFPE});  // these a sanitizer catches
  for (const int signal : signals) {
    Pty pty(client(echo.port()));
    pty.wait_for("> ");
    pty.type("half");
    pty.wait_for("half");
    EXPECT_FALSE(pty.edits_itself());
    ASSERT_EQ(::kill(pty.pid(), signal), 0);
    EXPECT_EQ(pty.wait(), 128 + signal);
    EXPECT_TRUE(pty.edits_itself()) << strsignal(signal);
    EXPECT_FALSE(is_bold(pty.written())) << strsignal(signal);
    EXPECT_TRUE(pty.written().find("\033[?2004l") != std::string::npos) << strsignal(signal);
  }
}

class TerminalThatTakesNoOutput : public testing::TestWithParam<std::string> {};

TEST_P(TerminalThatTakesNoOutput, DoesNotKeepTheClientFromBeingEnded) {
  Echo echo;
  for (const int signal : {SIGTERM, SIGHUP}) {
    Pty pty(client(echo.port()));
    pty.wait_for("> ");
    std::string keys = GetParam();
    for (int i = 0; i < 400; ++i)
      keys += ":help\n";
    pty.type(keys);
    std::this_thread::sleep_for(300ms);  // the terminal is full then, and nothing shows it
    ASSERT_EQ(::kill(pty.pid(), signal), 0);
    siginfo_t ended{};
    const auto deadline = Clock::now() + patience;
    while (ended.si_pid == 0 && Clock::now() < deadline) {
      ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pty.pid()), &ended, WEXITED | WNOHANG | WNOWAIT),
                0);
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(ended.si_pid, pty.pid()) << strsignal(signal);
  }
}

INSTANTIATE_TEST_SUITE_P(Why, TerminalThatTakesNoOutput,
                         testing::Values("", "\x13"),  // it is full, or Ctrl-S has stopped it
                         [](const auto& why) { return why.param.empty() ? "Full" : "Stopped"; });

TEST(ClientKeys, GoesOnWhenATerminalThatWasStoppedIsReadAgain) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for("> ");
  for (std::size_t i = 1; i <= 2; ++i) {
    pty.type("\x13line\n");              // Ctrl-S
    std::this_thread::sleep_for(100ms);  // it waits for the terminal then
    ASSERT_EQ(::kill(pty.pid(), SIGINT), 0);
    std::this_thread::sleep_for(1500ms);  // beyond its patience where a signal is to end it
    pty.type("\x11:stats\n");             // Ctrl-Q
    pty.wait_for("came back the same");
    EXPECT_EQ(echo.wait_for_bytes(i * 5).size(), i * 5);
  }
  pty.type("\x04");
  EXPECT_EQ(pty.wait(), 0) << pty.written();
}

TEST(ClientKeys, GivesTheTerminalBackInTheMiddleOfAKey) {
  Echo echo;
  for (const std::string key : {"\x16", "\x12", "\033"}) {  // Ctrl-V, Ctrl-R, Escape
    Pty pty(client(echo.port()));
    pty.wait_for("> ");
    pty.type("half" + key);
    pty.wait_for("half");
    ASSERT_EQ(::kill(pty.pid(), SIGTERM), 0);
    EXPECT_EQ(pty.wait(), 128 + SIGTERM);
    EXPECT_TRUE(pty.edits_itself());
  }
}

TEST(ClientKeys, ShowsHowItStandsOnSigquitAndGoesOn) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for("> ");
  pty.type("half");
  pty.wait_for("half");
  pty.type("\x1c");
  pty.wait_for("sent 0 B, 0 B came back the same");
  pty.wait_for("half");
  pty.type(" and half\n");
  EXPECT_EQ(echo.wait_for_bytes(14), "half and half\n");
}

TEST(ClientKeys, GivesTheTerminalBackWhileItIsStopped) {
  Echo echo;
  std::vector<std::string> command = {"bash", "-c",
                                      "set -m; \"$0\" \"$@\"; echo stopped: $?; read -r; fg"};
  const auto stopped = client(echo.port());
  command.insert(command.end(), stopped.begin(), stopped.end());
  Pty pty(command);
  pty.wait_for("> ");
  pty.type("half");
  pty.wait_for("half");
  pty.type("\x1a");
  pty.wait_for("stopped: " + std::to_string(128 + SIGTSTP));
  EXPECT_TRUE(pty.edits_itself());
  pty.type("\n");
  pty.wait_for("\033[?2004h");
  pty.wait_for("half");
  EXPECT_FALSE(pty.edits_itself());
  pty.type(" way\n");
  EXPECT_EQ(echo.wait_for_bytes(9), "half way\n");
  pty.type("\x04");
  EXPECT_EQ(pty.wait(), 0);
}

// As in xterm -e, ssh -t HOST PROGRAM, or a container: nobody would let it go on.
TEST(ClientKeys, IsNotStoppedWithoutAShellThatControlsIt) {
  Echo echo;
  Pty pty(client(echo.port()));
  pty.wait_for("> ");
  pty.type("half");
  pty.wait_for("half");
  pty.type("\x1a");
  pty.wait_for("\033[?2004h");
  pty.type(" way\n");
  EXPECT_EQ(echo.wait_for_bytes(9), "half way\n");
  EXPECT_FALSE(pty.edits_itself());
}

TEST(ClientKeys, DrawsNothingInBoldButThePrompt) {
  Echo echo;
  for (const std::string leave : {"\x04", ":quit\n", "half\x03\x04"}) {
    Pty pty(client(echo.port()));
    pty.wait_for("> ");
    pty.type("hello\n");
    pty.wait_for("hello");
    const auto typed = pty.written().rfind("hello");
    EXPECT_FALSE(is_bold(pty.written().substr(0, typed)));
    pty.wait_for("recv from server:");
    pty.type(leave);
    EXPECT_EQ(pty.wait(), 0);
    EXPECT_FALSE(is_bold(pty.written()));
  }
}

TEST(ClientKeys, WritesNoEscapeSequenceToATerminalThatUnderstandsNone) {
  using Variable = std::optional<std::string>;
  for (const Variable& name :
       {Variable("dumb"), Variable("nonsense"), Variable(""), Variable("vt52"), Variable()}) {
    Echo echo;
    Pty pty(client(echo.port()), {.environment = {{"TERM", name}}});
    pty.wait_for("> ");
    pty.type("hello\n");
    pty.wait_for("recv from server:hello");
    pty.type("not this\x03");
    pty.wait_for("^C");
    pty.type("a\tb\n");
    pty.wait_for("recv from server:a\\tb");
    EXPECT_EQ(echo.wait_for_bytes(10), "hello\na\tb\n");
    pty.type("\x04");
    EXPECT_EQ(pty.wait(), 0);
    EXPECT_EQ(pty.written().find('\033'), std::string::npos)
        << name.value_or("none") << ": " << pty.written();
  }
}

TEST(ClientKeys, LetsTheKernelEditWhereEditrcWantsNoEditing) {
  Echo echo;
  const TemporaryDirectory directory;
  const auto settings = directory.write("editrc", "edit off\n").string();
  Pty pty(client(echo.port()), {.environment = {{"EDITRC", settings}}});
  pty.wait_for("> ");
  EXPECT_TRUE(pty.edits_itself());
  pty.type("hello\n");
  pty.wait_for("recv from server:");
}

// ---- names chosen by others

TEST(ClientKeys, SendsNothingButFiles) {
  Echo echo;
  Pty pty(client(echo.port()));
  const auto fifo = (pty.home() / "fifo").string();
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  const FileDescriptor opened(inotify_init1(IN_NONBLOCK | IN_CLOEXEC), "inotify_init1");
  ASSERT_GE(inotify_add_watch(opened.get(), fifo.c_str(), IN_OPEN), 0);
  pty.wait_for("> ");
  for (const auto& [name, reason] :
       std::map<std::string, std::string>{{fifo, "is no regular file"},
                                          {"/dev/zero", "is no regular file"},
                                          {"/dev/tty", "is no regular file"},
                                          {"/", "Is a directory"}}) {
    pty.type(":send " + name + "\n");
    pty.wait_for(": " + reason);
  }
  pty.type("hello\n");
  EXPECT_EQ(echo.wait_for_bytes(6), "hello\n");
  inotify_event event{};
  EXPECT_EQ(read(opened.get(), &event, sizeof event), -1) << "a writer would have gone on";
}

TEST(ClientKeys, SendsAFileToItsEndAlsoIfTheInputEnds) {
  Echo echo;
  Pty pty(client(echo.port()));
  constexpr std::size_t size = 3'000'000;
  std::ofstream(pty.home() / "file") << std::string(size, 'x');
  pty.wait_for("> ");
  pty.type(":send " + pty.home().path().string() + "/file\n\x04");
  EXPECT_EQ(pty.wait(), 0) << pty.written();
  EXPECT_EQ(echo.wait_for_bytes(size).size(), size);
  EXPECT_NE(pty.written().find("came back the same in"), std::string::npos) << pty.written();
}

// To a server that reads nothing.
class FileUnderWay {
 public:
  explicit FileUnderWay(const std::string& timeout)
      : pty_(client(server_.port(), {"--timeout", timeout})) {
    std::ofstream(pty_.home() / "file") << std::string(std::size_t{16} << 20U, 'x');
    pty_.wait_for("> ");
    pty_.type(":send " + pty_.home().path().string() + "/file\n\x04");
  }

  Pty& pty() { return pty_; }

 private:
  FaultyServer server_{[](FaultyConnection& connection, int) { connection.be_silent(); }};
  Pty pty_;
};

TEST(ClientKeysOfAFileUnderWay, WithoutProgressTheTimeoutEndsIt) {
  const auto time_to_end = [] {
    FileUnderWay file("2s");
    const auto began = Clock::now();
    EXPECT_EQ(file.pty().wait(), 1);
    const auto time = Clock::now() - began;
    EXPECT_NE(file.pty().written().find("did not come back"), std::string::npos)
        << file.pty().written();
    return time;
  };
  EXPECT_TRUE(once_below(3500ms, time_to_end));
}

TEST(ClientKeysOfAFileUnderWay, ASignalEndsItAtOnce) {
  const auto time_to_end = [] {
    FileUnderWay file("1h");
    std::this_thread::sleep_for(500ms);  // the input has ended then
    const auto began = Clock::now();
    EXPECT_EQ(::kill(file.pty().pid(), SIGTERM), 0);
    EXPECT_EQ(file.pty().wait(), 128 + SIGTERM);
    return Clock::now() - began;
  };
  EXPECT_TRUE(once_below(1500ms, time_to_end));
}

TEST(ClientKeys, CompletesWholeCharacters) {
  Echo echo;
  Pty pty(client(echo.port()));
  std::ofstream(pty.home() / "donn\u00e9es-\u00e9") << "one";
  std::ofstream(pty.home() / "donn\u00e9es-\u00e8") << "two";
  pty.wait_for("> ");
  pty.type(":send " + pty.home().path().string() + "/d\t");
  pty.wait_for("donn\u00e9es-");
  pty.type("\u00e9\n");
  EXPECT_EQ(echo.wait_for_bytes(3), "one");
}

TEST(ClientKeys, ShowsNoNameOfAFileThatControlsTheTerminal) {
  Echo echo;
  Pty pty(client(echo.port()));
  for (const std::string name : {"evil\033]52;c;eA==\a\xff.1", "evil\033]52;c;eA==\a\xff.2"})
    std::ofstream(pty.home() / name) << "content";
  pty.wait_for("> ");
  pty.type(":send " + pty.home().path().string() + "/ev\t");
  pty.wait_for("evil^[");
  pty.type("\t");  // lists both
  pty.wait_for(".2\r\n");
  pty.type("1\n");
  pty.wait_for(R"(\x1b]52;c;eA==\x07\xff.1: 7 B came back the same)");
  pty.type("\033[200~:send /missing\033]0;x\a\033[201~\n");
  pty.wait_for(R"(/missing\x1b]0;x\x07: No such file)");
  pty.type("\033[200~:\033]0;x\a\033[201~\n");
  pty.wait_for(R"(:\x1b]0;x\x07 is no command)");
  EXPECT_EQ(pty.written().find("\033]"), std::string::npos) << pty.written();
  EXPECT_EQ(echo.wait_for_bytes(7), "content");
}

TEST(ClientKeys, ReportsOnceThatAFileIsNoHistoryAndLeavesItAlone) {
  Echo echo;
  const TemporaryDirectory directory;
  const auto other = directory.write("other\033[1m", "ls\n").string();
  Pty pty(client(echo.port()), {.environment = {{"COROECHO_HISTFILE", other}}});
  pty.wait_for(R"(other\x1b[1m: is no history: typed lines are not remembered)");
  pty.wait_for("> ");
  pty.type("hello\n\x04");
  EXPECT_EQ(pty.wait(), 0);
  EXPECT_EQ(pty.written().find("is no history"), pty.written().rfind("is no history"));
  std::ifstream file(other);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "ls\n");
}

// ---- the progress of a long transfer

TEST(ClientKeys, CountsInTheProgressOnlyWhatIsStillToBeRead) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    // Echo a part at once, the rest after the progress has been shown.
    for (auto pause = 3s; const auto bytes = connection.receive(); pause = 0s) {
      connection.send(*bytes);
      connection.wait(pause);
    }
  });
  const TemporaryDirectory directory;
  const auto file = directory.write("data", std::string(std::size_t{10} << 20U, 'x')).string();
  Pty pty({"sh", "-c",
           "(dd bs=1M count=7 status=none of=/dev/null; exec \"" COROECHO_CLIENT "\" 127.0.0.1 " +
               std::to_string(server.port()) + " > /dev/null) < " + file});
  pty.wait_for(" of 3.0 MiB");
  EXPECT_EQ(pty.wait(), 0);
}

TEST(ClientKeys, ShowsTheProgressOfABenchmarkOnOneRowOfANarrowTerminal) {
  const Server server;
  constexpr std::uint16_t columns = 40;
  Pty pty({"sh", "-c",
           "exec \"" COROECHO_CLIENT
           "\" --bench --connections 1 --warmup 0 --duration 500ms 127.0.0.1 " +
               std::to_string(server.port()) + " > /dev/null"},
          {.size = {.columns = columns}});
  EXPECT_EQ(pty.wait(), 0);
  const std::string beginning = "\r\033[K";
  const auto& written = pty.written();
  std::size_t longest = 0;
  for (auto at = written.find(beginning); at != std::string::npos;) {
    const auto next = written.find(beginning, at + 1);
    const auto end = std::min(next, written.size());
    longest = std::max(longest, end - at - beginning.size());
    at = next;
  }
  EXPECT_GT(longest, 0U);
  EXPECT_LT(longest, columns) << written;
}

TEST(ClientKeys, ShowsNoProgressOnATerminalThatUnderstandsNoEscapes) {
  const FaultyServer server([](FaultyConnection& connection, int) {
    connection.wait(1500ms);
    connection.echo_until_end();
  });
  Pty pty({"sh", "-c",
           "echo hello | \"" COROECHO_CLIENT "\" 127.0.0.1 " + std::to_string(server.port()) +
               " > /dev/null"},
          {.environment = {{"TERM", "dumb"}}});
  EXPECT_EQ(pty.wait(), 0);
  EXPECT_EQ(pty.written(), "");
}

}  // namespace
}  // namespace service
