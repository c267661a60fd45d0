/* The C client that Measure-EchoServer is compared with: one connection, 32-byte messages, OUTSTANDING of them at once. What
   may be sent at the same moment goes out in one write. Every reply is checked.
   echo_load PORT OUTSTANDING SECONDS prints the median round trip in microseconds, and messages a second. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { SIZE = 32, PERIOD = 65521, PIECE = 64 * 1024, MOST = 16 * 1000 * 1000 };

static uint8_t text[PERIOD + PIECE], upper[PERIOD + PIECE], reply[PIECE];

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void send_messages(int fd, uint64_t *sent, size_t count)
{
    for (size_t left = count * SIZE; left > 0;) {
        ssize_t n = send(fd, text + *sent % PERIOD, left < PIECE ? left : PIECE, MSG_NOSIGNAL);
        if (n > 0) {
            *sent += (uint64_t)n;
            left -= (size_t)n;
        } else if (errno != EAGAIN && errno != EINTR) {
            fail("send");
        }
    }
}

static int ascending(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 64;
    size_t outstanding = strtoul(argv[2], NULL, 10), head = 0, count = 0;
    uint64_t *begun = calloc(outstanding, sizeof *begun), sent = 0, received = 0;
    uint32_t *times = malloc(MOST * sizeof *times);
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = i < PERIOD ? (uint8_t)(rand() >> 7) : text[i - PERIOD];
        upper[i] = text[i] >= 'a' && text[i] <= 'z' ? text[i] ^ 0x20 : text[i];
    }

    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        fail("connect");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    int poller = epoll_create1(0);
    struct epoll_event e = { .events = EPOLLIN };
    epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);

    uint64_t start = now(), end = start + (uint64_t)(atof(argv[3]) * 1e9), t = start;
    for (size_t i = 0; i < outstanding; i++)
        begun[i] = start;
    send_messages(fd, &sent, outstanding);
    while (t < end && count < MOST) {
        if (epoll_wait(poller, &e, 1, 1000) < 1)
            continue;
        ssize_t n = recv(fd, reply, sizeof reply, 0);
        if (n <= 0)
            fail("recv");
        t = now();
        if (memcmp(reply, upper + received % PERIOD, (size_t)n) != 0)
            return 2;
        size_t whole = (received + (uint64_t)n) / SIZE - received / SIZE;
        received += (uint64_t)n;
        for (size_t i = 0; i < whole && count < MOST; i++, head = (head + 1) % outstanding) {
            times[count++] = (uint32_t)(t - begun[head]);
            begun[head] = t;
        }
        send_messages(fd, &sent, whole);
    }

    qsort(times, count, sizeof *times, ascending);
    printf("%.2f %.0f\n", times[count / 2] / 1e3, (double)count * 1e9 / (double)(t - start));
    return 0;
}
