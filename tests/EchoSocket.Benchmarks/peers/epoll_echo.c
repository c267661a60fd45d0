/* The C server that the others are compared with: one thread, level-triggered epoll, one buffer; upper-cases ASCII.
   Listens on a free port of 127.0.0.1 and prints it. A client that does not read is not read from. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 128 * 1024, EVENTS = 512 };

struct client { int fd; size_t sent, length; uint8_t *unsent; };

static uint8_t buffer[BUFFER];
static int poller;

static void watch(int operation, struct client *c, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.ptr = c };
    epoll_ctl(poller, operation, c->fd, &e);
}

static void end(struct client *c)
{
    close(c->fd);
    free(c->unsent);
    free(c);
}

static void upper(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] ^= (uint8_t)((uint8_t)(p[i] - 'a') < 26) << 5;
}

static void receive(struct client *c)
{
    ssize_t n = recv(c->fd, buffer, BUFFER, 0);
    if (n < 0 && errno == EAGAIN)
        return;
    if (n <= 0) {
        end(c);
        return;
    }

    upper(buffer, (size_t)n);
    ssize_t sent = send(c->fd, buffer, (size_t)n, MSG_NOSIGNAL);
    if (sent == n)
        return;
    if (sent < 0 && errno != EAGAIN) {
        end(c);
        return;
    }

    if (sent < 0)
        sent = 0;
    c->sent = 0;
    c->length = (size_t)(n - sent);
    c->unsent = malloc(c->length);
    memcpy(c->unsent, buffer + sent, c->length);
    watch(EPOLL_CTL_MOD, c, EPOLLOUT);
}

static void send_rest(struct client *c)
{
    ssize_t sent = send(c->fd, c->unsent + c->sent, c->length - c->sent, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) {
        end(c);
    } else if (sent > 0 && (c->sent += (size_t)sent) == c->length) {
        free(c->unsent);
        c->unsent = NULL;
        watch(EPOLL_CTL_MOD, c, EPOLLIN);
    }
}

int main(void)
{
    int one = 1;
    struct client listener = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0) };
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    if (bind(listener.fd, (void *)&address, size) || listen(listener.fd, 4096) || getsockname(listener.fd, (void *)&address, &size)) {
        perror("listen");
        return 1;
    }

    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    poller = epoll_create1(0);
    watch(EPOLL_CTL_ADD, &listener, EPOLLIN);
    for (struct epoll_event events[EVENTS];;) {
        int n = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (c == &listener) {
                int fd = accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK);
                if (fd < 0)
                    continue;
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
                c = calloc(1, sizeof *c);
                c->fd = fd;
                watch(EPOLL_CTL_ADD, c, EPOLLIN);
            } else if (c->unsent) {
                send_rest(c);
            } else {
                receive(c);
            }
        }
    }
}
