# What goes on until somebody ends it, for the engine: connections, and changes of files. Each is known by the number of the question
# that began it. Answers `r` once it has begun, then `o` with what comes, and `x` at its end.
use strict;
use warnings;
use Socket qw(:DEFAULT getaddrinfo AI_NUMERICSERV SOCK_NONBLOCK);

my %ways;

sub is_waited_for { return $!{EINPROGRESS} || $!{EAGAIN} }

# `tcp` with an address and a port, or `unix` with a path.
sub connect_way {
    my ($id, $kind, $address, $port) = @_;
    my ($family, $to, $name) = $kind eq 'unix' ? (AF_UNIX, pack_sockaddr_un($address), $address) : resolved($address, $port);
    socket my $socket, $family, SOCK_STREAM | SOCK_NONBLOCK, 0 or refuse('socket', $name);
    $ways{$id} = $socket;
    return open_way($id) if connect $socket, $to;
    if (!is_waited_for()) { delete $ways{$id}; refuse('connect', $name) }
    when_taking($socket, sub {
        return unless $ways{$id};
        $! = unpack 'i', getsockopt $socket, SOL_SOCKET, SO_ERROR;
        if ($! + 0 == 0) { return answer('r', $id, pack '(N/a*)*', @{ open_way($id) }) }
        my @why = (error_name(), 'connect', $name, "$!");
        delete $ways{$id};
        answer('E', $id, pack '(N/a*)*', @why);
    });
    return undef;
}

sub resolved {
    my ($address, $port) = @_;
    my ($error, $first) = getaddrinfo($address, $port, { socktype => SOCK_STREAM, flags => AI_NUMERICSERV });
    die ['ENOTFOUND', 'connect', "$address:$port", "$error"] unless $first;
    return ($first->{family}, $first->{addr}, "$address:$port");
}

sub open_way {
    my ($id) = @_;
    my $socket = $ways{$id};
    hear($socket, sub {
        my ($bytes) = @_;
        # Its end; the way back may be open still.
        answer($bytes eq '' ? 'x' : 'o', $id, $bytes) if $ways{$id};
    }, $id);
    return [$id];
}

sub write_way {
    my ($id, $number, $bytes) = @_;
    my $socket = $ways{$number} or die ['EPIPE', 'write', '', 'the connection was closed'];
    feed($socket, $bytes, sub {
        my ($error) = @_;
        if (defined $error) { answer('E', $id, pack '(N/a*)*', 'EPIPE', 'write', '', $error) }
        else { answer('r', $id, '') }
    });
    return undef;
}

sub close_way {
    my ($id, $number) = @_;
    if (my $way = delete $ways{$number}) {
        unhear($way);
        close $way;
    }
    return [];
}

# ---- Changes of files and folders: what the kernel tells of them, as Node's fs.watch asks for it

my $CHANGES = 0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800;

sub watch_way {
    my ($id, @paths) = @_;
    my ($begin, $add) = kernel_calls('watching files');
    my $number = syscall $begin, O_NONBLOCK | 02000000;
    refuse('inotify_init', '') if $number < 0;
    open my $inotify, '<&=', $number or refuse('inotify_init', '');
    my %path_of;
    for my $path (@paths) {
        my $name = "$path";
        my $watch = syscall $add, $number, $name, $CHANGES;
        if ($watch >= 0) { $path_of{$watch} = $path }
        elsif (!$!{ENOENT}) { refuse('watch', $path) }
    }
    $ways{$id} = $inotify;
    hear($inotify, sub {
        my ($bytes) = @_;
        my %changed;
        while (length $bytes >= 16) {
            my ($watch, undef, undef, $length) = unpack 'iLLL', $bytes;
            substr $bytes, 0, 16 + $length, '';
            $changed{ $path_of{$watch} } = 1 if defined $path_of{$watch};
        }
        answer('o', $id, pack '(N/a*)*', sort keys %changed) if %changed;
    }, $id);
    answer('r', $id, '');
    # Whoever asked has looked before, and has not heard of what changed while the question was on its way.
    answer('o', $id, pack '(N/a*)*', sort values %path_of);
    return undef;
}

# ---- Ways and commands whose output nobody takes at the moment

sub hold {
    my ($held) = @_;
    return sub {
        my ($id, $number) = @_;
        held($number, $held);
        return [];
    };
}

%main::operations = (
    %main::operations,
    connect => \&connect_way,
    watch => \&watch_way,
    write => \&write_way,
    shut => sub { shutdown $ways{ $_[1] }, 1 if $ways{ $_[1] }; [] },
    close => \&close_way,
    hold => hold(1),
    goOn => hold(0),
);
