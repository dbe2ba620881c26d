/** An error as the SDK throws it for an answer of AWS: a name, a message, a status. */
export function awsError(name: string, message = 'Said by AWS.', status = 400): Error {
  const error = Object.assign(new Error(message), {
    $fault: status >= 500 ? 'server' : 'client',
    $metadata: { httpStatusCode: status },
  });
  error.name = name;
  return error;
}

export function denied(): Error {
  return awsError('AccessDeniedException', 'User: arn:aws:iam::123456789012:user/ci is not authorized.');
}

export function throttled(): Error {
  return awsError('ThrottlingException', 'Rate exceeded');
}

/** A connection that ended without an answer. */
export function unanswered(): Error {
  return Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', $metadata: { attempts: 1 } });
}

export function expired(): Error {
  return awsError('ExpiredTokenException', 'The security token included in the request is expired');
}
