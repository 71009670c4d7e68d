# Starts commands for the engine. A fork of Node copies the page tables of a large process and stops it for milliseconds; a fork of
# this one costs a tenth of a millisecond. Perl, because it forks and waits on many pipes with no module loaded, and no text is
# taken apart by a shell. Says nothing of its own; ends with the engine, whatever it has begun goes on.
# On another machine it stands behind the operations of ssh/*.pl, in one program (docs/decisions/012).
#
# In:   "ID BYTES ARGUMENTS VARIABLES WHAT\n", then BYTES. WHAT is empty or -: a command, its arguments and variables (name, value),
#       each ended by a NUL, and the input; - for none. Or the name of an operation, its arguments with their lengths before them.
# Out:  "KIND ID BYTES\n", then BYTES. p: the process has begun, its number, which is its group's too. o, e: what it writes.
#       x: it has ended and both outputs are closed, its wait status. f: it could not be begun, why.
#       r: what an operation has to say, with lengths. E: why it failed, with lengths: the error's name, the call, the path, words.
use strict;
use warnings;

# Not ignored: children would inherit that.
$SIG{PIPE} = sub { };
chdir '/';

# EINTR, EAGAIN, F_SETFL and O_NONBLOCK; the modules that name them take as long to load as all the rest.
my ($INTERRUPTED, $FULL, $SET_FLAGS, $NOT_WAITING) = (4, 11, 4, 2048);

our %operations;
# Where it is set: who has said nothing for so many seconds is taken to be gone.
our $silence_max;
my $heard_at = time;

my $given = '';
my %runs;
# Of those, the ones that have closed their outputs.
my %silent;
my %reads = (fileno(STDIN) => { handle => \*STDIN, got => \&take, id => 0 });
# What is waited for to take more, and what is still to be written to it.
my %writes;
my $pause;

sub answer {
    my ($kind, $id, $text) = @_;
    my $frame = "$kind $id " . length($text) . "\n$text";
    while (length $frame) {
        my $bytes = syswrite STDOUT, $frame;
        if (defined $bytes) { substr $frame, 0, $bytes, '' }
        elsif ($! != $INTERRUPTED) { exit 0 }
    }
}

sub take {
    my ($bytes) = @_;
    exit 0 if $bytes eq '';
    $given .= $bytes;
    $heard_at = time;
    while ($given =~ /^(\d+) (\d+) (\d+) (\d+) (\S*)\n/) {
        my ($id, $length, $arguments, $variables, $what) = ($1, $2, $3, $4, $5);
        return if length($given) < $+[0] + $length;
        my $body = substr $given, $+[0], $length;
        substr $given, 0, $+[0] + $length, '';
        if ($what =~ /\w/) {
            operate($id, $what, $body);
            next;
        }
        my @parts = split /\0/, $body, $arguments + 2 * $variables + 1;
        my $input = pop @parts;
        begin($id, $what ? undef : $input, [splice @parts, 0, $arguments], {@parts});
    }
}

# One that says nothing now answers later, by itself.
sub operate {
    my ($id, $name, $body) = @_;
    my $said = eval { $operations{$name}->($id, unpack '(N/a*)*', $body) };
    if (my $error = $@) { answer('E', $id, pack '(N/a*)*', ref $error ? @$error : ('EIO', $name, '', $error)) }
    elsif ($said) { answer('r', $id, pack '(N/a*)*', @$said) }
}

# As much as it takes now, and the rest when it takes more. `done` is told an error, or nothing when all is written.
sub feed {
    my ($handle, $text, $done) = @_;
    while (length $text) {
        my $bytes = syswrite $handle, $text, 65536;
        if (defined $bytes) { substr $text, 0, $bytes, '' }
        elsif ($! == $FULL) { return when_taking($handle, sub { feed($handle, $text, $done) }) }
        elsif ($! != $INTERRUPTED) { return $done->("$!") }
    }
    $done->();
}

sub begin {
    my ($id, $input, $argv, $env) = @_;
    my (%ours, %theirs);
    for my $name (qw(o e f)) { pipe $ours{$name}, $theirs{$name} or return answer('f', $id, "$!") }
    if (defined $input) { pipe $theirs{i}, $ours{i} or return answer('f', $id, "$!") }
    my $pid = fork;
    return answer('f', $id, "$!") unless defined $pid;
    become($argv, $env, \%theirs) unless $pid;
    # Here too: whoever is told of the group may want to end it at once.
    setpgrp $pid, $pid;
    close $_ for values %theirs;
    answer('p', $id, $pid);
    if (my $way = delete $ours{i}) {
        fcntl $way, $SET_FLAGS, $NOT_WAITING;
        # Whoever does not read all of it has had enough.
        feed($way, $input, sub { close $way });
    }
    $runs{$id} = { pid => $pid, open => 3, fault => '' };
    for my $name (qw(o e f)) {
        hear($ours{$name}, sub { heard($id, $name, @_) }, $id);
    }
}

# What comes from there; nothing at its end.
sub hear {
    my ($handle, $got, $id) = @_;
    $reads{ fileno $handle } = { handle => $handle, got => $got, id => $id // 0 };
}

sub unhear { delete @reads{ fileno $_[0] }; delete $writes{ fileno $_[0] } }

sub held {
    my ($id, $held) = @_;
    $_->{held} = $held for grep { $_->{id} == $id } values %reads;
}

sub when_taking { $writes{ fileno $_[0] } = { handle => $_[0], ready => $_[1] } }

sub become {
    my ($argv, $env, $ends) = @_;
    setpgrp 0, 0;
    open STDIN, '<&', $ends->{i} or die if $ends->{i};
    open STDIN, '<', '/dev/null' or die unless $ends->{i};
    open STDOUT, '>&', $ends->{o} or die;
    open STDERR, '>&', $ends->{e} or die;
    %ENV = %$env;
    no warnings;
    exec { $argv->[0] } @$argv;
    syswrite $ends->{f}, "$!";
    kill KILL => $$;
}

sub heard {
    my ($id, $name, $bytes) = @_;
    my $run = $runs{$id};
    if ($bytes eq '') { $silent{$id} = 1 unless --$run->{open} }
    elsif ($name eq 'f') { $run->{fault} .= $bytes }
    else { answer($name, $id, $bytes) }
    $pause = 0.0002;
}

# Its outputs close a moment before a process can be waited for; one that has closed them itself may live long.
sub reap {
    my $left;
    for my $id (keys %silent) {
        my $run = $runs{$id};
        if (waitpid($run->{pid}, 1) == $run->{pid}) {
            if ($run->{fault} eq '') { answer('x', $id, $?) }
            else { answer('f', $id, $run->{fault}) }
            delete $runs{$id};
            delete $silent{$id};
        }
        else { $left = 1 }
    }
    $pause = $left ? ($pause || 0.0002) * 2 : undef;
    $pause = 0.1 if $pause && $pause > 0.1;
}

sub wait_at_most {
    return $pause unless $silence_max;
    my $left = $heard_at + $silence_max - time;
    $left = 0 if $left < 0;
    return defined $pause && $pause < $left ? $pause : $left + 0.5;
}

while (1) {
    my ($ready, $takes) = ('', '');
    vec($ready, $_, 1) = 1 for grep { !$reads{$_}{held} } keys %reads;
    vec($takes, $_, 1) = 1 for keys %writes;
    my $count = select $ready, $takes, undef, wait_at_most();
    # What has come while this process was at work, and has not been read yet, is a word, too.
    exit 0 if $silence_max && time > $heard_at + $silence_max && !vec $ready, fileno STDIN, 1;
    if ($count > 0) {
        for my $number (keys %writes) {
            next unless vec $takes, $number, 1;
            my $write = delete $writes{$number};
            $write->{ready}->();
        }
        for my $due (map { [$_, $reads{$_}] } grep { vec $ready, $_, 1 } keys %reads) {
            my ($number, $read) = @$due;
            # Closed by what was read before it; the number may be another one's by now, and nothing be there to read.
            next unless ($reads{$number} // 0) == $read;
            my $bytes = '';
            my $length = sysread $read->{handle}, $bytes, 65536;
            next if !defined $length && $! == $INTERRUPTED;
            delete $reads{$number} if !$length && $number != fileno STDIN;
            $read->{got}->($bytes);
        }
    }
    reap();
}
