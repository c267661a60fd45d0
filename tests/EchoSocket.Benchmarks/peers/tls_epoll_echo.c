/* The C server with TLS that the others are compared with: epoll_echo over OpenSSL. It reads all records that have come, up to
   one buffer, and answers them together. tls_epoll_echo CERTIFICATE KEY (both PEM) prints the port that it listens on. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 128 * 1024, EVENTS = 512 };

struct client { int fd; SSL *tls; bool open; uint32_t events; size_t sent, length; uint8_t *unsent; };

static uint8_t buffer[BUFFER];
static int poller;

static void watch(int operation, struct client *c, uint32_t events)
{
    if (c->events == events)
        return;

    struct epoll_event e = { .events = c->events = events, .data.ptr = c };
    epoll_ctl(poller, operation, c->fd, &e);
}

static void end(struct client *c)
{
    SSL_shutdown(c->tls);
    ERR_clear_error();
    SSL_free(c->tls);
    close(c->fd);
    free(c->unsent);
    free(c);
}

static void upper(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] ^= (uint8_t)((uint8_t)(p[i] - 'a') < 26) << 5;
}

/* OpenSSL could not go on. Returns false if it never can. */
static bool wait_for(struct client *c, int result)
{
    int reason = SSL_get_error(c->tls, result);
    ERR_clear_error();
    if (reason != SSL_ERROR_WANT_READ && reason != SSL_ERROR_WANT_WRITE)
        return false;

    watch(EPOLL_CTL_MOD, c, reason == SSL_ERROR_WANT_WRITE ? EPOLLOUT : EPOLLIN);
    return true;
}

/* Returns false if the connection has failed. Otherwise fewer bytes were sent only if there was no room for more. */
static bool send_all(struct client *c, const uint8_t *bytes, size_t count, size_t *sent)
{
    for (*sent = 0; *sent < count;) {
        int n = SSL_write(c->tls, bytes + *sent, (int)(count - *sent));
        if (n <= 0)
            return wait_for(c, n);
        *sent += (size_t)n;
    }

    watch(EPOLL_CTL_MOD, c, EPOLLIN);
    return true;
}

static bool send_rest(struct client *c)
{
    size_t sent;
    bool alive = send_all(c, c->unsent + c->sent, c->length - c->sent, &sent);
    if ((c->sent += sent) == c->length) {
        free(c->unsent);
        c->unsent = NULL;
    }

    return alive;
}

static bool answer(struct client *c, size_t *length)
{
    int n;
    size_t sent;
    *length = 0;
    do {
        if ((n = SSL_read(c->tls, buffer + *length, (int)(BUFFER - *length))) > 0)
            *length += (size_t)n;
    } while (n > 0 && *length < BUFFER && SSL_has_pending(c->tls));

    bool alive = n > 0 || wait_for(c, n);
    if (*length == 0)
        return alive;

    upper(buffer, *length);
    if (!send_all(c, buffer, *length, &sent))
        return false;
    if (sent < *length) {
        c->sent = 0;
        c->length = *length - sent;
        c->unsent = malloc(c->length);
        memcpy(c->unsent, buffer + sent, c->length);
    }

    return alive;
}

static bool serve(struct client *c)
{
    int n = c->open ? 1 : SSL_accept(c->tls);
    if (n != 1)
        return wait_for(c, n);

    c->open = true;
    if (c->unsent && !send_rest(c))
        return false;

    /* Epoll does not report what OpenSSL has read ahead, so nothing of that may be left. */
    for (size_t length = BUFFER; !c->unsent && length == BUFFER;) {
        if (!answer(c, &length))
            return false;
    }

    return true;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_read_ahead(context, 1);
    if (argc != 3 || SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1
        || SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        return 64;
    }

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
            if (c != &listener) {
                if (!serve(c))
                    end(c);
                continue;
            }

            int fd = accept4(listener.fd, NULL, NULL, SOCK_NONBLOCK);
            if (fd < 0)
                continue;
            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
            c = calloc(1, sizeof *c);
            c->fd = fd;
            c->tls = SSL_new(context);
            SSL_set_fd(c->tls, fd);
            watch(EPOLL_CTL_ADD, c, EPOLLIN);
        }
    }
}
