# Paths that a container may change while they are looked at, as in engine/transport/localBind.ts and localOverlay.ts: what is looked at
# is what is read or mounted, and no link leads out of where it stands.
use strict;
use warnings;

my ($OPEN_DIRECTORY, $OPEN_NO_LINK, $OPEN_PATH) = (O_DIRECTORY, O_NOFOLLOW, 010000000);
my ($LINKS_MAX, $BYTES_MAX) = (40, 1024 * 1024);

sub resolved_beneath {
    my ($root, $below) = @_;
    my ($real) = @{ real_path(0, "$root/$below" =~ s{/+}{/}gr =~ s{/$}{}r) };
    return () if $real eq $root;
    my $inside = $root eq '/' ? '/' : "$root/";
    die ['EACCES', 'open', $below, "subPath \"$below\" leads out of the volume, to $real"] if index($real, $inside) != 0;
    return split m{/}, substr $real, length $inside;
}

# Each part from its parent's descriptor, without following links; what is missing is made as a directory, where `make` says so.
sub open_beneath {
    my ($root, $make, @parts) = @_;
    sysopen my $at, $root, $OPEN_PATH | $OPEN_DIRECTORY or refuse('open', $root);
    my $mode = (stat $at)[2] & 0777;
    while (defined(my $part = shift @parts)) {
        my $flags = $OPEN_PATH | $OPEN_NO_LINK | (@parts ? $OPEN_DIRECTORY : 0);
        my $path = '/proc/self/fd/' . fileno($at) . "/$part";
        my $next;
        if (!sysopen $next, $path, $flags) {
            refuse('open', $part) unless $make && $!{ENOENT};
            mkdir $path, $mode or refuse('mkdir', $part);
            sysopen $next, $path, $flags | $OPEN_DIRECTORY or refuse('open', $part);
        }
        die ['ELOOP', 'open', $part, "$part has become a symbolic link while it was being mounted"] if S_ISLNK((stat $next)[2]);
        $at = $next;
    }
    return $at;
}

sub root_of {
    my ($base) = @_;
    -e $base or refuse('realpath', $base);
    return real_path(0, $base)->[0];
}

sub read_beneath {
    my ($id, $base, $path) = @_;
    my $root = root_of($base);
    my $at = eval { open_beneath($root, 0, resolved_beneath($root, $path)) };
    if (my $error = $@) { return ref $error && $error->[0] =~ /^(?:ENOENT|ENOTDIR)$/ ? [] : die $error }
    my @status = stat $at;
    die ['EINVAL', 'open', $path, "$path is not a file"] unless S_ISREG($status[2]);
    die ['EFBIG', 'open', $path, "$path has more than $BYTES_MAX bytes"] if $status[7] > $BYTES_MAX;
    sysopen my $file, '/proc/self/fd/' . fileno $at, O_RDONLY or refuse('open', $path);
    return [content_of($file, $path)];
}

sub bind_beneath {
    my ($id, $base, $below, $target) = @_;
    my $root = root_of($base);
    my $at = open_beneath($root, 1, resolved_beneath($root, $below));
    make_target($target, -d $at);
    my $source = "/proc/$$/fd/" . fileno $at;
    my ($status, $said) = said_by('mount', '--bind', '--no-canonicalize', $source, $target);
    die ['EIO', 'mount', $target, "mounting $below of $base: $said"] if $status != 0;
    return [];
}

sub make_target {
    my ($target, $directory) = @_;
    return make_folder($target, 0700) if $directory;
    make_folder($target =~ s{/[^/]+$}{}r, 0700);
    sysopen my $file, $target, O_WRONLY | O_CREAT, 0644 or refuse('open', $target);
}

# Its exit status, and what it writes to both of its outputs; the text goes through no shell.
sub said_by {
    my @argv = @_;
    my $pid = open(my $way, '-|') // refuse('fork', '');
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        open STDIN, '<', '/dev/null';
        %ENV = (PATH => '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
        no warnings;
        exec { $argv[0] } @argv;
        syswrite STDOUT, "$argv[0]: $!";
        POSIX::_exit(127);
    }
    my $said = content_of($way, '');
    close $way;
    return ($? >> 8 || $?, $said =~ s/\s+$//r);
}

# ---- Layers of an overlay, the lowest first, read as a container of them would

sub read_overlaid {
    my ($id, $path, @layers) = @_;
    my @top_first = reverse @layers;
    my @rest = parts_of($path);
    my @at;
    my $links = 0;
    while (@rest) {
        my $part = shift @rest;
        if ($part eq '..') { pop @at; next }
        my $found = look_up(\@top_first, @at, $part) or return [];
        if (defined $found->{link}) {
            return [] if ++$links > $LINKS_MAX;
            @at = () if $found->{link} =~ m{^/};
            unshift @rest, parts_of($found->{link});
        }
        elsif (@rest) { push @at, $part }
        else {
            return [] unless $found->{file} && $found->{size} <= $BYTES_MAX;
            sysopen my $file, $found->{path}, O_RDONLY or refuse('open', $found->{path});
            return [content_of($file, $found->{path})];
        }
    }
    return [];
}

sub parts_of { return grep { $_ ne '' && $_ ne '.' } split m{/}, $_[0] }

# The topmost layer that has it. The parents are no links: they have been looked up before.
sub look_up {
    my ($top_first, @names) = @_;
    my $last = $#$top_first;
    for my $index (0 .. $last) {
        my $layer = $top_first->[$index];
        my $path = join '/', $layer, @names;
        my @status = lstat $path;
        if (!@status) {
            refuse('lstat', $path) unless is_gone();
            return if $index == $last || is_hidden($layer, @names);
            next;
        }
        # A whiteout: deleted in this layer.
        return $status[6] == 0 ? undef : { path => $path } if S_ISCHR($status[2]);
        return { path => $path, link => readlink $path } if S_ISLNK($status[2]);
        return { path => $path, file => S_ISREG($status[2]), size => $status[7] };
    }
    return;
}

# A parent was deleted in this layer, or made anew, so what lower layers have of it does not count.
sub is_hidden {
    my ($layer, @names) = @_;
    pop @names;
    my ($path, @directories) = ($layer);
    for my $name (@names) {
        $path .= "/$name";
        my @status = lstat $path or last;
        return 1 unless S_ISDIR($status[2]);
        push @directories, $path;
    }
    return 0 unless @directories;
    my (undef, $said) = said_by(qw(getfattr --absolute-names --only-values -n trusted.overlay.opaque --), @directories);
    # Of a directory without the attribute only an error is told.
    return $said =~ /^y|\by$/m;
}

%main::operations = (
    %main::operations,
    readBeneath => \&read_beneath,
    bindBeneath => aside(\&bind_beneath),
    readOverlaid => aside(\&read_overlaid),
);
