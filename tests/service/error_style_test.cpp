#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "tests/service/server.hpp"

// An error is one line on standard error: the name of the program, a colon, and what is wrong.
// Lines of the service's log have a time and a level instead, and go to standard output or to
// log.file, never to standard error. With --warning and --critical the client's line is the answer
// to a monitoring system, on standard output.
namespace service {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct Mistake {
  std::string name;
  std::string command;  // of a shell, in a directory of its own; a coroecho listens on $PORT
  int exit_code;
  std::string named;  // by the line
};

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.command;
}

std::string folder_of(const std::string& program) {
  return program.substr(0, program.rfind('/'));
}

class ErrorStyle : public testing::TestWithParam<Mistake> {
 protected:
  static void SetUpTestSuite() { server_ = std::make_unique<Server>(); }
  static void TearDownTestSuite() { server_.reset(); }

  // The programs find each other by PATH, and end by themselves.
  Finished provoke(const std::string& command) const {
    return run({"env", "-C", directory_.path(), "PORT=" + std::to_string(server_->port()),
                "PATH=" + folder_of(COROECHO) + ":" + folder_of(COROECHO_CLIENT) +
                    ":/usr/sbin:/usr/bin:/sbin:/bin",
                "sh", "-c", command});
  }

 private:
  static inline std::unique_ptr<Server> server_;
  TemporaryDirectory directory_;
};

TEST_P(ErrorStyle, IsOneLineThatBeginsWithTheProgram) {
  const Finished finished = provoke(GetParam().command);
  const bool of_client = GetParam().command.find("coroecho-client ") != std::string::npos;
  const std::string program = of_client ? "coroecho-client: " : "coroecho: ";
  EXPECT_EQ(GetParam().exit_code, finished.exit_code);
  EXPECT_THAT(finished.errors, StartsWith(program));
  EXPECT_THAT(finished.errors, HasSubstr(GetParam().named));
  EXPECT_EQ(1, std::ranges::count(finished.errors, '\n')) << finished.errors;
  EXPECT_EQ('\n', finished.errors.back());
  EXPECT_EQ(0U, finished.errors.rfind(program)) << "the program's name stands there twice";
  EXPECT_THAT(finished.errors, Not(testing::ContainsRegex(" \n|  |::|: :|[.]\n|[Ee]rror: ")));
}

constexpr int usage = 64;
constexpr int unavailable = 69;
constexpr int wrong_configuration = 78;

INSTANTIATE_TEST_SUITE_P(
    OfTheService, ErrorStyle,
    testing::Values(
        // The command line and the environment.
        Mistake{"UnknownOption", "coroecho --colour", usage, "--colour (see coroecho --help)"},
        Mistake{"TwoArguments", "coroecho seven 8", usage, "seven"},
        Mistake{"NoArgument", "coroecho ''", usage, "not expected: '' (see"},
        Mistake{"NoValue", "coroecho --port", usage, "--port: "},
        Mistake{"WrongValue", "coroecho --port http", usage, "--port: found \"http\", expected a"},
        Mistake{"EmptyFile", "coroecho --config ''", usage, "--config: the value is empty"},
        Mistake{"EmptyHost", "coroecho --host ''", usage, "--host: found \"\", expected a host"},
        Mistake{"MissingOption", "coroecho --upgrade", usage, "--pidfile"},
        Mistake{"OfALaterVersion", "coroecho --check-upgrade 99", usage, "version 99"},
        Mistake{"WrongVariable", "COROECHO_PORT=http coroecho", usage, "COROECHO_PORT: found"},
        Mistake{"MisspeltVariable", "COROECHO_PROT=7 coroecho --check-config", 0,
                "COROECHO_PROT: "},
        Mistake{"VariableOfKubernetes", "COROECHO_PORT=tcp://10.0.0.1:7 coroecho --check-config", 0,
                "COROECHO_PORT: "},
        Mistake{"UnprintableBytes", "coroecho \"$(printf 'a\\nb\\033')\"", usage, "a\\nb\\x1b"},
        // The configuration.
        Mistake{"MissingFile", "coroecho --config none.yaml", wrong_configuration,
                "none.yaml: cannot be read: No such file"},
        Mistake{"Folder", "coroecho --config .", wrong_configuration, ".: is a directory"},
        Mistake{"BrokenYaml", "printf 'port: 7\\nhost: [a\\n' >a.yaml; coroecho --config a.yaml",
                wrong_configuration, "a.yaml:"},
        Mistake{"NoText", "printf 'port: \\377\\n' >a.yaml; coroecho --config a.yaml",
                wrong_configuration, "a.yaml:1: is not valid UTF-8"},
        Mistake{"UnknownKey", "printf '\\nprot: 7\\n' >a.yaml; coroecho --config a.yaml",
                wrong_configuration, "a.yaml:2: key 'prot': is unknown, did you mean 'port'"},
        Mistake{"EmptyKey", "echo port: >a.yaml; coroecho --config a.yaml", wrong_configuration,
                "a.yaml:1: key 'port': has no value"},
        Mistake{"WrongKey", "echo 'tcp: {nodelay: 1}' >a.yaml; coroecho --config a.yaml",
                wrong_configuration, "a.yaml:1: key 'tcp.nodelay': found \"1\", expected true"},
        Mistake{"NoNetwork", "echo 'udp: {allow: 10.0.0.1/33}' >a.yaml; coroecho --config a.yaml",
                wrong_configuration, "a.yaml:1: key 'udp.allow': \"10.0.0.1/33\" "},
        Mistake{"LogFile", "COROECHO_LOG_FILE=none/log coroecho", wrong_configuration,
                "COROECHO_LOG_FILE: cannot open log file 'none/log': No such"},
        Mistake{"NoCertificate", "COROECHO_TLS_PORT=0 coroecho", wrong_configuration,
                "COROECHO_TLS_PORT: "},
        Mistake{"MissingCertificate",
                "COROECHO_TLS_PORT=0 COROECHO_TLS_CERTIFICATE=none COROECHO_TLS_KEY=none coroecho",
                wrong_configuration, "COROECHO_TLS_"},
        Mistake{"WrongCertificate",
                "COROECHO_TLS_PORT=0 COROECHO_TLS_CERTIFICATE=/etc/passwd "
                "COROECHO_TLS_KEY=/etc/passwd coroecho",
                wrong_configuration, "COROECHO_TLS_"},
        Mistake{"PidFile", "coroecho --port 0 --pidfile none/pid", wrong_configuration,
                "pid file 'none/pid': No such file"},
        Mistake{"NoPidFile", "echo text >pid; coroecho --port 0 --pidfile pid", wrong_configuration,
                "pid file 'pid': "},
        Mistake{"InheritedDescriptor",
                "exec env LISTEN_FDS=1 sh -c 'LISTEN_PID=$$ exec coroecho --port 0 3</dev/null'",
                wrong_configuration, "inherited descriptor 3"},
        // The system.
        Mistake{"PortThatIsTaken",
                "COROECHO_LOG_FILE=log coroecho --host 127.0.0.1 --port $PORT --daemon",
                unavailable, "--port: cannot listen on 127.0.0.1:"},
        Mistake{"PortThatIsTakenWithALogFile",
                "COROECHO_LOG_FILE=log coroecho --host 127.0.0.1 --port $PORT", unavailable,
                "--port: cannot listen on 127.0.0.1:"},
        Mistake{"PortOfTheEnvironmentThatIsTaken",
                "COROECHO_LOG_FILE=log COROECHO_PORT=$PORT coroecho --host 127.0.0.1", unavailable,
                "COROECHO_PORT: cannot listen on 127.0.0.1:"},
        Mistake{"PortOfAFileThatIsTaken",
                "printf 'log: {file: log}\\nport: '$PORT >a.yaml; coroecho --config a.yaml",
                unavailable, "a.yaml:2: key 'port': cannot listen on 127.0.0.1:"},
        Mistake{"AdminPortThatIsTaken",
                "COROECHO_LOG_FILE=log COROECHO_ADMIN_PORT=$PORT coroecho --port 0", unavailable,
                "COROECHO_ADMIN_PORT: cannot listen on 127.0.0.1:"},
        Mistake{"ForeignAddress",
                "COROECHO_LOG_FILE=log COROECHO_HOST=192.0.2.1 coroecho --port 7777", unavailable,
                "COROECHO_HOST: cannot listen on 192.0.2.1:7777: Cannot assign"},
        Mistake{"ForeignAddressOfAdmin",
                "COROECHO_LOG_FILE=log COROECHO_ADMIN_HOST=192.0.2.1 COROECHO_ADMIN_PORT=7777 "
                "coroecho --port 0",
                unavailable, "COROECHO_ADMIN_HOST: cannot listen on 192.0.2.1:7777: Cannot"},
        Mistake{"UnknownHost", "COROECHO_LOG_FILE=log coroecho --host no.invalid --port 0",
                unavailable, "--host: "},
        Mistake{"UnixSocket",
                "COROECHO_LOG_FILE=log COROECHO_UNIX_PATH=none/socket coroecho --port 0",
                unavailable, "COROECHO_UNIX_PATH: cannot listen on unix:none/socket: No such"},
        Mistake{"NotWell", "coroecho --check-health --host 127.0.0.1 --port 1", 1,
                "not well: cannot connect to 127.0.0.1:1: "},
        Mistake{"NothingToUpgrade", "coroecho --upgrade --pidfile none", unavailable,
                "pid file 'none': "},
        Mistake{"FullDisk", "coroecho --help >/dev/full", 1,
                "cannot write to standard output: No space left"},
        Mistake{"ClosedOutput", "coroecho --version >&-", 1, "cannot write to standard output"}),
    [](const auto& mistake) { return mistake.param.name; });

INSTANTIATE_TEST_SUITE_P(
    OfTheClient, ErrorStyle,
    testing::Values(
        Mistake{"UnknownOption", "coroecho-client --colour", 2, "usage: "},
        Mistake{"TooManyArguments", "coroecho-client a 1 b", 2, "usage: "},
        Mistake{"NoValue", "coroecho-client --timeout", 2, "usage: --timeout: "},
        Mistake{"WrongValue", "coroecho-client --timeout soon", 2,
                "usage: --timeout: found \"soon\", expected a time"},
        Mistake{"Contradiction", "coroecho-client -4 -6 localhost", 2, "usage: -4 excludes -6"},
        Mistake{"WrongPort", "coroecho-client localhost 70000", 2, "usage: PORT: found \"70000\""},
        Mistake{"UnprintableBytes", "coroecho-client --\"$(printf 'a\\nb\\033')\"", 2, "usage: "},
        Mistake{"MissingAuthorities", "coroecho-client --tls --ca none localhost $PORT", 2,
                "usage: --ca: "},
        Mistake{"Refused", "coroecho-client 127.0.0.1 1", 1, "refused: nothing listens on"},
        Mistake{"RefusedPing", "coroecho-client --ping 127.0.0.1 1", 1, "refused: nothing listens"},
        Mistake{"RefusedMeasurement", "coroecho-client --bench 127.0.0.1 1", 1, "refused: nothing"},
        Mistake{"RefusedDatagram", "coroecho-client --udp --ping -c 1 127.0.0.1 1", 1, "refused: "},
        Mistake{"MissingSocket", "coroecho-client ./none", 1, "refused: nothing listens on ./none"},
        Mistake{"UnknownHost", "coroecho-client no.invalid 7", 1, "dns: no address for no.invalid"},
        Mistake{"ForeignSource", "coroecho-client --source 192.0.2.1 127.0.0.1 $PORT", 1,
                "local: "},
        Mistake{"ChartThatCannotBeWritten",
                "coroecho-client --bench --plot none/a.svg 127.0.0.1 $PORT", 1,
                "local: none/a.svg: "},
        Mistake{"FullDisk", "coroecho-client --help >/dev/full", 1,
                "local: standard output: No space left"},
        Mistake{"FullDiskInAPipe", "echo a | coroecho-client 127.0.0.1 $PORT >/dev/full", 1,
                "local: standard output: No space left"}),
    [](const auto& mistake) { return mistake.param.name; });

// The log keeps its own form where no log file is set: the reason stands there once, and standard
// error stays empty.
TEST(ErrorStyleOfTheLog, IsTimeAndLevelOnStandardOutput) {
  const Finished finished = run({COROECHO, "--host", "192.0.2.1", "--port", "0"});
  EXPECT_EQ(unavailable, finished.exit_code);
  EXPECT_EQ("", finished.errors);
  EXPECT_THAT(finished.output, HasSubstr("Z critical --host: cannot listen on 192.0.2.1:0: "));
}

}  // namespace
}  // namespace service
