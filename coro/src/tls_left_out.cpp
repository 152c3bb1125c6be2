// In the place of tls_*.cpp where the library is built without TLS: there is never a context, so
// nobody has a stream.
#include <boost/system/error_category.hpp>
#include <cstdlib>
#include <utility>

#include "coro/tls_context.hpp"
#include "coro/tls_error.hpp"
#include "coro/tls_stream.hpp"

namespace coro {
namespace {

// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): it is final, and never deleted
class Category final : public boost::system::error_category {
 public:
  const char* name() const noexcept override { return "coro.tls"; }
  std::string message(int /*value*/) const override { return "built without TLS"; }
};

[[noreturn]] void never_called() {
  std::abort();
}

}  // namespace

const boost::system::error_category& tls_category() {
  static const Category category;
  return category;
}
const boost::system::error_category& certificate_category() {
  return tls_category();
}
error_code make_error_code(TlsError error) {
  return {static_cast<int>(error), tls_category()};
}

TlsContext::Result<TlsContext> TlsContext::make(Role /*role*/, Version /*least*/) {
  return make_error_code(TlsError::left_out).message();
}
TlsContext::Result<TlsContext::Validity> TlsContext::use_certificate(std::string_view /*chain*/) {
  never_called();
}
TlsContext::Result<void> TlsContext::use_key(std::string_view /*key*/) {
  never_called();
}
TlsContext::Result<void> TlsContext::trust(std::string_view /*authorities*/) {
  never_called();
}
TlsContext::Result<void> TlsContext::trust_system() {
  never_called();
}
void TlsContext::trust_everybody() {}
void TlsContext::speak(std::string_view /*protocol*/) {}

void TlsStream::Free::operator()(ssl_st* /*tls*/) const {}
// NOLINTNEXTLINE(performance-unnecessary-value-param): the signature is that of the real one
TlsStream::TlsStream(Scheduler& scheduler, Stream& transport, const TlsContext& /*context*/,
                     std::string /*received*/)
    : scheduler_(scheduler), transport_(transport) {
  never_called();
}
TlsStream::~TlsStream() = default;
void TlsStream::expect_server(const std::string& /*host*/) {}
error_code TlsStream::handshake(Yield /*yield*/) {
  never_called();
}
std::optional<error_code> TlsStream::try_handshake() {
  never_called();
}
error_code TlsStream::wait_for_handshake(Yield /*yield*/) {
  never_called();
}
TlsDetails TlsStream::details() const {
  never_called();
}
Transfer TlsStream::read_some(boost::asio::mutable_buffer /*buffer*/, Yield /*yield*/) {
  never_called();
}
Transfer TlsStream::write_some(boost::asio::const_buffer /*bytes*/, Yield /*yield*/) {
  never_called();
}
Transfer TlsStream::try_read(boost::asio::mutable_buffer /*buffer*/) {
  never_called();
}
Transfer TlsStream::try_write(boost::asio::const_buffer /*bytes*/) {
  never_called();
}
bool TlsStream::has_more_to_read() const {
  return false;
}
std::size_t TlsStream::available() const {
  return 0;
}
std::size_t TlsStream::unacknowledged() {
  return 0;
}
void TlsStream::finish_sending() {}

}  // namespace coro
