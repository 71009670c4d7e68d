# Starts commands for the engine. A fork of Node copies the page tables of a large process and stops it for milliseconds; a fork of
# this one costs a tenth of a millisecond. Perl, because it forks and waits on many pipes with no module loaded, and no text is
# taken apart by a shell. Says nothing of its own; ends with the engine, whatever it has begun goes on.
#
# In:   "ID BYTES ARGUMENTS VARIABLES INPUT\n", then BYTES: arguments and variables (name, value), each ended by a NUL, and the input.
#       INPUT is - for none. It has to fit a pipe, 60,000 bytes.
# Out:  "KIND ID BYTES\n", then BYTES. p: the process has begun, its number, which is its group's too. o, e: what it writes.
#       x: it has ended and both outputs are closed, its wait status. f: it could not be begun, why.
use strict;
use warnings;

# Not ignored: children would inherit that.
$SIG{PIPE} = sub { };
chdir '/';

# EINTR on every Linux; the module that names it takes as long to load as all the rest.
my $INTERRUPTED = 4;

my $given = '';
my %runs;
# Of those, the ones that have closed their outputs.
my %silent;
my %reads = (fileno(STDIN) => { handle => \*STDIN, got => \&take });
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
    while ($given =~ /^(\d+) (\d+) (\d+) (\d+) (-?)\n/) {
        my ($id, $length, $arguments, $variables, $none) = ($1, $2, $3, $4, $5);
        return if length($given) < $+[0] + $length;
        my $body = substr $given, $+[0], $length;
        substr $given, 0, $+[0] + $length, '';
        my @parts = split /\0/, $body, $arguments + 2 * $variables + 1;
        my $input = pop @parts;
        begin($id, $none ? undef : $input, [splice @parts, 0, $arguments], {@parts});
    }
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
    syswrite $ours{i}, $input if defined $input && length $input;
    delete $ours{i};
    $runs{$id} = { pid => $pid, open => 3, fault => '' };
    for my $name (qw(o e f)) {
        $reads{ fileno $ours{$name} } = { handle => $ours{$name}, got => sub { heard($id, $name, @_) } };
    }
}

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

while (1) {
    my $ready = '';
    vec($ready, $_, 1) = 1 for keys %reads;
    my $count = select $ready, undef, undef, $pause;
    if ($count > 0) {
        for my $number (keys %reads) {
            next unless vec $ready, $number, 1;
            my $read = $reads{$number};
            my $bytes = '';
            my $length = sysread $read->{handle}, $bytes, 65536;
            next if !defined $length && $! == $INTERRUPTED;
            delete $reads{$number} if !$length && $number != fileno STDIN;
            $read->{got}->($bytes);
        }
    }
    reap();
}
