// The baseline of UDP: a blocking recvmmsg(2) and a sendmmsg(2) for as many datagrams as wait.
//   raw_udp PORT            does no more than that
//   raw_udp PORT wildcard   also answers from the address that was asked, with a TTL one less
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { batch = 64, largest = 65536, control_size = 128 };

static char payloads[batch][largest];
static char controls[batch][control_size];
static struct sockaddr_in peers[batch];
static struct iovec parts[batch];
static struct mmsghdr messages[batch];

static int bind_to(const char* port, int wildcard) {
  const int on = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(wildcard ? INADDR_ANY : INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  const int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (udp < 0 || bind(udp, (struct sockaddr*)&address, size) != 0 ||
      (wildcard && setsockopt(udp, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) != 0) ||
      (wildcard && setsockopt(udp, IPPROTO_IP, IP_RECVTTL, &on, sizeof on) != 0) ||
      getsockname(udp, (struct sockaddr*)&address, &size) != 0) {
    perror("bind");
    exit(1);
  }
  printf("listening on 127.0.0.1:%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return udp;
}

// The control messages that came become those that go: the kernel gives the local address and the TTL
// where it takes them, apart from the interface, which it chooses itself.
static void turn_controls(struct msghdr* message) {
  for (struct cmsghdr* control = CMSG_FIRSTHDR(message); control != NULL;
       control = CMSG_NXTHDR(message, control)) {
    if (control->cmsg_type == IP_PKTINFO) {
      struct in_pktinfo* info = (struct in_pktinfo*)CMSG_DATA(control);
      info->ipi_ifindex = 0;
    } else if (control->cmsg_type == IP_TTL) {
      *(int*)CMSG_DATA(control) -= 1;
    }
  }
}

int main(int count, char** arguments) {
  if (count < 2) return 64;
  const int wildcard = count > 2;
  const int udp = bind_to(arguments[1], wildcard);
  for (int i = 0; i < batch; ++i) {
    parts[i].iov_base = payloads[i];
    messages[i].msg_hdr.msg_name = &peers[i];
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    for (int i = 0; i < batch; ++i) {
      parts[i].iov_len = largest;
      messages[i].msg_hdr.msg_namelen = sizeof peers[i];
      messages[i].msg_hdr.msg_control = wildcard ? controls[i] : NULL;
      messages[i].msg_hdr.msg_controllen = wildcard ? control_size : 0;
    }
    const int got = recvmmsg(udp, messages, batch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < got; ++i) {
      parts[i].iov_len = messages[i].msg_len;
      if (wildcard) turn_controls(&messages[i].msg_hdr);
    }
    for (int sent = 0; sent < got;) {
      const int more = sendmmsg(udp, messages + sent, (unsigned)(got - sent), 0);
      sent += more > 0 ? more : 1;
    }
  }
}
